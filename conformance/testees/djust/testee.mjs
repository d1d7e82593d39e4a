// djust's client.js from .djust-venv, in Chromium: node conformance/testees/djust/testee.mjs URL
// conformance/targets/djust/setup.sh makes .djust-venv. It also prints a URL at which you can open the page yourself.

import { readdir, readFile } from "node:fs/promises";
import { frames, serve, stay } from "../browser.mjs";

const AT_ONCE = 8; // control connections, each in its own frame

const here = (path) => new URL(path, import.meta.url);
const packages = await sitePackages();
const version = (await readdir(packages)).map((name) => /^djust-(.*)\.dist-info$/.exec(name)?.[1]).find(Boolean);
const control = process.argv.at(-1);
const origin = await serve({
  "/": frames(AT_ONCE, `/page.html#${control}`),
  "/page.html": here("page.html"),
  "/contract.js": here("../contract.js"),
  "/djust.js": here("djust.js"),
  "/v0.js": here("../v0.js"),
  "/client.js": new URL("djust/static/djust/client.js", packages),
  "/name": `djust ${version} client.js`,
});
console.log(`by hand: ${origin}/page.html#${control}`);
await stay(`${origin}/`);

async function sitePackages() {
  const lib = here("../../../.djust-venv/lib/");
  try {
    const [python] = (await readdir(lib)).filter((name) => name.startsWith("python"));
    const found = new URL(`${python}/site-packages/`, lib);
    await readFile(new URL("djust/static/djust/client.js", found));
    return found;
  } catch (error) {
    console.error(`There is no djust client (${error.message}): run conformance/targets/djust/setup.sh first.`);
    process.exit(1);
  }
}
