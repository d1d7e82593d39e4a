// This project's client in node, each case on a jsdom page: node conformance/testees/jsdom/testee.mjs [--v0] URL

import { JSDOM } from "jsdom";
import { connect } from "../../../js_client/src/index.js";
import { answer } from "../contract.js";
import { forV0, opener } from "../streamops.js";

const AT_ONCE = 12;

await Promise.all(Array.from({ length: AT_ONCE }, () => {
  // "dangerously" lets scripts run, so that one which a client lets through is counted. The page is hidden and has no
  // animation frames: a client that waits for a picture is not to be helped.
  const { window } = new JSDOM("<!doctype html>", { runScripts: "dangerously", url: "http://127.0.0.1/" });
  const control = process.argv.at(-1);
  const more = process.argv.includes("--v0") ? forV0(window) : {};
  const open = opener(window, connect, { crypto, ...more }); // node's crypto, because jsdom has no crypto.subtle
  return answer({ control, window, open, name: "streamops js, jsdom" });
}));
process.exit(0); // a client that is still waiting to come back does not hold it up
