// This project's client in Chromium ($CHROMIUM, or /usr/bin/chromium):
//   node conformance/testees/chromium/testee.mjs [--v0] URL
// Also prints a URL at which you can open the page yourself.

import { frames, serve, stay } from "../browser.mjs";

const AT_ONCE = 8; // control connections, each in its own frame

const control = process.argv.at(-1);
const v0 = process.argv.includes("--v0") ? "&v0" : "";
const here = (path) => new URL(path, import.meta.url);
const origin = await serve({
  "/": frames(AT_ONCE, `/page.html?control=${encodeURIComponent(control)}${v0}`),
  "/page.html": here("page.html"),
  "/contract.js": here("../contract.js"),
  "/streamops.js": here("../streamops.js"),
  "/v0.js": here("../v0.js"),
  "/*": (path) => (/^\/src\/[a-z0-9-]+\.js$/.test(path) ? here(`../../../js_client${path}`) : undefined),
});
console.log(`by hand: ${origin}/page.html?control=${control}${v0}`);
await stay(`${origin}/`);
