// This project's client with one fault, for servers of v0: node faulty_testee_v0.mjs FAULT [chromium] --v0 URL.
// Without a URL it prints the table.

import { readFileSync } from "node:fs";
import { register } from "node:module";
import { changed } from "./client_faults/table.mjs";
import { FAULTS } from "./client_faults_v0.mjs";

const [name, ...rest] = process.argv.slice(2);
const src = (file) => new URL(`../../js_client/src/${file}`, import.meta.url);

if (rest.length === 0) {
  const rows = [...FAULTS].map(([key, { breaks, file }]) => [key, { breaks, file }]);
  for (const [key, fault] of FAULTS) changed(fault, readFileSync(src(fault.file), "utf8"), key);
  console.log(JSON.stringify(Object.fromEntries(rows)));
} else if (rest[0] === "chromium") {
  const { frames, serve, stay } = await import("../testees/browser.mjs");
  const here = (path) => new URL(path, import.meta.url);
  const fault = FAULTS.get(name);
  const origin = await serve({
    "/": frames(4, `/page.html?control=${encodeURIComponent(rest.at(-1))}&v0`),
    "/page.html": here("../testees/chromium/page.html"),
    [`/src/${fault.file}`]: changed(fault, readFileSync(src(fault.file), "utf8"), name),
    "/*": (path) => (path.startsWith("/src/") ? src(path.slice("/src/".length)) : here(`../testees${path}`)),
  });
  await stay(`${origin}/`);
} else {
  register("./mutating.mjs", import.meta.url, { data: { name, fault: FAULTS.get(name) } });
  await import("../testees/jsdom/testee.mjs");
}
