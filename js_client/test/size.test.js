// The size of what every page loads: all modules but those on demand, minified and gzipped; and with those of views.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { minify } from "terser";

const BOUND = 6 * 1024; // bytes
const BOUND_WITH_VIEWS = 10 * 1024;
const SRC = fileURLToPath(new URL("../src", import.meta.url));

/** The size of an entry without its imports of `without`. */
async function sizeOf(entry, without = []) {
  const { outputFiles } = await build({
    stdin: { contents: entry, resolveDir: SRC },
    bundle: true,
    minifySyntax: true,
    external: without,
    format: "esm",
    target: "es2022",
    legalComments: "none",
    write: false,
  });
  const { code } = await minify(outputFiles[0].text, {
    module: true,
    compress: { ecma: 2022, passes: 3, unsafe_arrows: true },
    mangle: { properties: { regex: /^_/ } },
  });
  return { minified: Buffer.byteLength(code), gzipped: gzipSync(code, { level: 9 }).length };
}

const MODULES = readdirSync(SRC).map((name) => `./${name}`);
const VIEWS = ["./view.js", "./view-frame.js", "./mirror.js", "./merge.js", "./match.js", "./move.js", "./fields.js", "./bases.js"];
const READER = [
  "./reader.js", "./input.js", "./outgoing.js", "./reset.js", "./returning.js", "./scroll.js", "./values.js", "./waiting.js",
];
const ON_DEMAND = [VIEWS, VIEWS.slice(2), READER, ["./hooks.js"], ["./v0.js"], ["./integrity.js"]];
const CLIENT = `export * from "./index.js"; export * from "./auto.js";`;

test("the whole client stays small", async (t) => {
  const later = ON_DEMAND.flat();
  const { gzipped, minified } = await sizeOf(CLIENT, later);
  t.diagnostic(`${gzipped} bytes gzipped, ${minified} minified`);
  for (const parts of ON_DEMAND) {
    const size = await sizeOf(`export * from "${parts[0]}";`, MODULES.filter((name) => !parts.includes(name)));
    t.diagnostic(`on demand: ${parts[0]} ${size.gzipped} bytes gzipped`);
  }
  assert.ok(gzipped <= BOUND, `${gzipped} bytes are more than ${BOUND}`);
});

test("the client of a page with views stays small", async (t) => {
  const { gzipped, minified } = await sizeOf(CLIENT, ON_DEMAND.flat().filter((name) => !VIEWS.includes(name)));
  t.diagnostic(`${gzipped} bytes gzipped with views, ${minified} minified`);
  assert.ok(gzipped <= BOUND_WITH_VIEWS, `${gzipped} bytes are more than ${BOUND_WITH_VIEWS}`);
});
