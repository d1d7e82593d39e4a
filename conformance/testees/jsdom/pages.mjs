// Clients under test on jsdom pages: each page has a control connection of its own.

import { JSDOM } from "jsdom";
import { answer } from "../contract.js";
import { forV0, opener } from "../streamops.js";

const AT_ONCE = 12;

/** Answers at `control` with the client whose `connect` is given. Resolves when every control connection has ended. */
export async function answerOnPages({ control, connect, v0 = false }) {
  const pages = [];
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, () => {
      // "dangerously" lets scripts run, so that one which a client lets through is counted. The page is hidden and has
      // no animation frames: a client that waits for a picture is not to be helped.
      const { window } = new JSDOM("<!doctype html>", { runScripts: "dangerously", url: "http://127.0.0.1/" });
      pages.push(window);
      const open = opener(window, connect, { crypto, ...(v0 ? forV0(window) : {}) }); // jsdom has no crypto.subtle
      return answer({ control, window, open, name: "streamops js, jsdom" });
    }));
  } finally {
    for (const window of pages) window.close(); // ends the timers and sockets of clients that are still there
  }
}
