// Clients under test on jsdom pages. Each page has its own control connection.

import { JSDOM } from "jsdom";
import { answer } from "../contract.js";
import { forV0, opener } from "../streamops.js";

const AT_ONCE = 12;

/** Connects a client, by its `connect`, to the runner at `control`. Resolves when all control connections ended. */
export async function answerOnPages({ control, connect, v0 = false }) {
  const pages = [];
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, () => {
      // "dangerously" lets scripts run, so that the contract counts those that a client lets through. The page is
      // hidden and has no animation frames, so a client that waits for one stalls, as it must not.
      const { window } = new JSDOM("<!doctype html>", { runScripts: "dangerously", url: "http://127.0.0.1/" });
      pages.push(window);
      const open = opener(window, connect, { crypto, ...(v0 ? forV0(window) : {}) }); // jsdom has no crypto.subtle
      return answer({ control, window, open, name: "streamops js, jsdom" });
    }));
  } finally {
    for (const window of pages) window.close(); // ends the timers and sockets of clients that are still open
  }
}
