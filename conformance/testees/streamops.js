// Connects this project's client to the contract, in jsdom and in Chromium.

import { answeringPings } from "./v0.js";

/** Options for a client of v0 servers. */
export const forV0 = (window) => ({ protocol: "v0", WebSocket: answeringPings(window.WebSocket) });

/** The `open` for `answer`: each case gets its own view root in `window`. `more` are options. */
export function opener(window, connect, more = {}) {
  return ({ html, url, view = more.protocol && { name: "conformance" } }, report) => {
    const root = window.document.createElement("main");
    root.innerHTML = html;
    window.document.body.replaceChildren(root);
    const client = connect({ url, root, view, window, onReport: report, ...more });
    return {
      root,
      streams: () => client.streams,
      ignored: () => Object.values(client.counts).reduce((sum, count) => sum + count),
      push: (event, params) => client.push(event, params).catch(() => {}), // a refusal is not an error of the page
      cancel: (stream) => client.cancel(stream),
      close: () => client.close(),
    };
  };
}
