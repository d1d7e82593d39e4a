// This project's client with one fault:
//   node faulty_testee.mjs                              prints the tables of faults, by dialect
//   node faulty_testee.mjs FAULT [chromium] [--v0] URL  is one testee with that fault
//   node faulty_testee.mjs --host                       is one testee after another: reads {control, fault, v0, via} as
//                                                       lines, and prints "over" when a testee's last connection ended
// Without a name (an empty FAULT) the client is as it is.

import { readFileSync } from "node:fs";
import { register } from "node:module";
import { createInterface } from "node:readline";
import { FAULTS } from "./client_faults/index.mjs";
import { changed } from "./client_faults/table.mjs";

const words = process.argv.slice(2);
const src = (file) => new URL(`../../js_client/src/${file}`, import.meta.url);
const source = (fault, name) => changed(fault, readFileSync(src(fault.file), "utf8"), name);
const { random } = Math;

if (words.length === 0) print();
else if (words[0] === "--host") await host();
else if (words.includes("chromium")) await inChromium(words[0], words.includes("--v0"), words.at(-1));
else {
  register("./client_faults/loader.mjs", import.meta.url);
  await inJsdom({ fault: words[0], v0: words.includes("--v0"), control: words.at(-1) });
  process.exit(0); // a client that is still waiting to come back does not hold it up
}

function print() {
  const rows = (faults) => [...faults].map(([name, fault]) => {
    source(fault, name); // throws where it does not fit
    return [name, { breaks: fault.breaks, file: fault.file }];
  });
  const tables = Object.entries(FAULTS).map(([dialect, faults]) => [dialect, Object.fromEntries(rows(faults))]);
  console.log(JSON.stringify(Object.fromEntries(tables)));
}

async function host() {
  register("./client_faults/loader.mjs", import.meta.url);
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      await inJsdom(JSON.parse(line));
      console.log("over");
    } catch (error) {
      console.log(`over: ${error.message}`);
    }
  }
  process.exit(0);
}

/** `via` is the address that clients connect to instead of the one that the suite names. */
async function inJsdom({ control, fault, v0 = false, via = "" }) {
  // A client of v1 comes back soon: each fault is asked everything, over many lost connections.
  Math.random = v0 ? random : () => random() / 8;
  const { answerOnPages } = await import("../testees/jsdom/pages.mjs");
  const { connect } = await import(src("index.js") + (fault ? `?dialect=${v0 ? "v0" : "v1"}&fault=${fault}` : ""));
  const elsewhere = (options) => connect({ ...options, url: options.url.replace(/127\.0\.0\.1:\d+/, via) });
  await answerOnPages({ control, connect: via ? elsewhere : connect, v0 });
}

async function inChromium(name, v0, control) {
  const { frames, serve, stay } = await import("../testees/browser.mjs");
  const here = (path) => new URL(path, import.meta.url);
  const fault = FAULTS[v0 ? "v0" : "v1"].get(name);
  const origin = await serve({
    "/": frames(4, `/page.html?control=${encodeURIComponent(control)}${v0 ? "&v0" : ""}`),
    "/page.html": here("../testees/chromium/page.html"),
    [`/src/${fault.file}`]: source(fault, name),
    "/*": (path) => (path.startsWith("/src/") ? src(path.slice("/src/".length)) : here(`../testees${path}`)),
  });
  await stay(`${origin}/`);
}
