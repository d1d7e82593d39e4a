// node benchmarks/libraries.js compares morph libraries with this client's merge, in Chromium: how often what a reader
// did stays and what the program changed is shown, by the kinds of test/browser/view-kinds.js; for how many names of
// fields a form breaks; and the sizes. docs/decisions/views-and-documents.md has the results.

import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { minify } from "terser";
import { inBrowser } from "../test/browser/browser.js";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const LIBRARIES = {
  idiomorph: `export { Idiomorph as idiomorph } from "idiomorph";`,
  morphdom: `export { default as morphdom } from "morphdom";`,
  morphlex: `export { morphInner as morphlex } from "morphlex";`,
};

/** Runs in the page. */
async function compare({ only, field }) {
  const { idiomorph, morphdom, morphlex } = await import("/libraries.js");
  const { kinds } = await import("/view-kinds.js");
  const { put } = await import("/src/mirror.js");
  const parsed = (root, html) => {
    const next = root.cloneNode();
    next.innerHTML = html;
    return next;
  };
  const candidates = {
    "this client": (root, html) => put(root, html, () => {}),
    "idiomorph 0.8": (root, html) => idiomorph.morph(root, html, { morphStyle: "innerHTML" }),
    "morphdom 2.7": (root, html) => morphdom(root, parsed(root, html), { childrenOnly: true }),
    "morphlex 1.4, preserveChanges": (root, html) => morphlex(root, parsed(root, html), { preserveChanges: true }),
  };
  const TRIALS = 60;
  const names = new Set();
  for (let own = HTMLFormElement.prototype; own; own = Object.getPrototypeOf(own)) Object.getOwnPropertyNames(own).forEach((each) => names.add(each));
  if (!only) return { candidates: Object.keys(candidates), names: [...names] };
  const show = candidates[only];
  const row = {};
  if (!field) {
    for (const [kind, { start, html, act, change, after, read, first }] of Object.entries(kinds)) {
      let kept = 0;
      const of = kinds[kind];
      for (let n = 0; n < TRIALS; n++) {
        const root = document.createElement("main");
        document.body.append(root);
        try {
          const before = start.call(of, n);
          show(root, `<div id="x">${html.call(of, before, "x")}</div>`);
          const shown = act.call(of, root.querySelector("#x"), n * 7 + 1, first.call(of, before));
          const now = n % 2 ? change.call(of, before, n * 5 + 2) : before;
          show(root, `<p>${n}</p><div id="x">${html.call(of, now, "x")}</div>`);
          const wanted = JSON.stringify(after.call(of, before, now, shown));
          kept += wanted == JSON.stringify(read.call(of, root.querySelector("#x")));
        } catch {}
        root.remove();
      }
      row[kind] = Math.round((kept / TRIALS) * 100);
    }
    return row;
  }
  const root = document.createElement("main");
  document.body.append(root);
  const form = (n) => `<form id="f${n % 2}" class="c${n}"><input name="${field}"><b>${n}</b></form><p>${n}</p>`;
  try {
    for (const n of [1, 3, 2]) show(root, form(n));
    return root.isEqualNode(parsed(root, form(2)));
  } catch {
    return false;
  } finally {
    root.remove();
  }
}

const bundle = here("../../node_modules/.cache/compared.js");
await build({ stdin: { contents: Object.values(LIBRARIES).join("\n"), resolveDir: here(".") }, bundle: true, format: "esm", outfile: bundle });
const { open, close } = await inBrowser({ pages: { "/": { body: "" } }, files: { "/libraries.js": bundle, "/view-kinds.js": here("../test/browser/view-kinds.js") } });
try {
  let page = await open();
  const { candidates, names } = await page.evaluate(compare, {});
  const rows = await Promise.all(candidates.map((only) => page.evaluate(compare, { only })));
  const broken = candidates.map(() => []);
  for (const [i, only] of candidates.entries())
    for (const field of names) {
      const late = new Promise((resolve) => setTimeout(resolve, 5_000, "for ever"));
      const holds = await Promise.race([page.evaluate(compare, { only, field }), late]);
      if (holds != true) broken[i].push(field);
      if (holds == "for ever") page = await open(); // the other does not end
    }
  console.log(`% of trials in which the page is as the rule says\n| kind | ${candidates.join(" | ")} |\n|---|${candidates.map(() => "---|").join("")}`);
  for (const kind of Object.keys(rows[0])) console.log(`| ${kind} | ${rows.map((row) => row[kind]).join(" | ")} |`);
  console.log(`| names that break a form, of ${names.length} | ${broken.map(({ length }) => length).join(" | ")} |`);
  for (const [i, each] of broken.entries()) if (each.length) console.log(`${candidates[i]}: ${each.join(" ")}`);
} finally {
  await close();
}
for (const [name, contents] of Object.entries(LIBRARIES)) {
  const { outputFiles } = await build({ stdin: { contents, resolveDir: here(".") }, bundle: true, format: "esm", minifySyntax: true, write: false });
  const { code } = await minify(outputFiles[0].text, { module: true, compress: { ecma: 2022, passes: 3, unsafe_arrows: true } });
  console.log(`${name}: ${gzipSync(code, { level: 9 }).length} bytes, minified and gzipped`);
}
