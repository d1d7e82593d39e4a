// Connects djust's client to the contract. A window can have only one such client, so each case has its own frame.
// The client is not changed. This file adds what a page of djust has (a view container, the guide's hook), and a
// WebSocket that connects to the case's URL and answers pings, which djust's client does not know.

import { answeringPings } from "./v0.js";

const UPDATED = "updated() { this.el.scrollTop = this.el.scrollHeight; }";
const HOOKS = `window.djust = { hooks: { ChatMessages: { ${UPDATED} } } };`;

export function opener(window, source) {
  return ({ html, url, view }, report) => {
    const frame = window.document.createElement("iframe");
    frame.width = 600;
    window.document.body.replaceChildren(frame);
    const { contentDocument: page, contentWindow: inner } = frame;
    page.open();
    page.write("<!doctype html><title>A case</title><body></body>");
    page.close();
    inner.streamopsRan = () => window.streamopsRan();
    for (const level of ["warn", "error"]) {
      inner.console[level] = (...words) => report({ kind: `console.${level}`, message: words.map(String).join(" ") });
    }
    inner.WebSocket = socketTo(url, inner);

    const root = page.createElement("div");
    root.setAttribute("dj-view", view?.name ?? "conformance");
    root.innerHTML = html;
    page.body.append(root);
    for (const text of [HOOKS, source]) {
      const script = page.createElement("script");
      script.textContent = text;
      page.head.append(script); // runs now; the client connects in the microtask after it
    }
    return {
      root,
      streams: () => streams(root),
      ignored: () => 0, // the client does not count them
      push: (event, params) => inner.djust.liveViewInstance.sendEvent(event, params),
      cancel() {}, // v0 has no cancel
      close() {
        inner.djust.liveViewInstance?.disconnect();
        frame.remove();
      },
    };
  };
}

/** The state of each stream, from its markers. v0 has no numbers. */
function streams(root) {
  const found = Object.create(null);
  for (const element of root.querySelectorAll("[dj-stream]")) {
    const name = element.getAttribute("dj-stream");
    if (Object.hasOwn(found, name)) continue;
    const failed = element.hasAttribute("data-stream-error");
    const state = failed ? "errored" : element.hasAttribute("data-stream-active") ? "open" : "idle";
    const error = failed ? element.querySelector("[role='alert']")?.textContent : undefined;
    found[name] = { state, cursor: 0, error };
  }
  return found;
}

function socketTo(url, inner) {
  const applied = () => inner.djust.liveViewInstance?._inflight; // the client applies frames in a chain of promises
  return class extends answeringPings(inner.WebSocket, applied) {
    constructor() {
      super(url);
    }
  };
}
