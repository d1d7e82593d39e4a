// Connects each view root of the page when the document is ready:
// <main dj-view="Chat" dj-params='{"room": "lobby"}' dj-url="/live">

import { connect } from "./client.js";

/** The clients of this page, by view root. @type {Map<Element, import("./client.js").Client>} */
export const clients = new Map();
/** @type {any} */
const page = window;
(page.streamops ||= {}).clients = clients; // before the document is ready, so that the page's own scripts find it

function start() {
  for (const root of document.querySelectorAll("[dj-view]")) {
    const name = root.getAttribute("dj-view");
    const params = JSON.parse(root.getAttribute("dj-params") || "{}");
    const protocol = /** @type {"v0" | null} */ (root.getAttribute("dj-protocol"));
    clients.set(
      root,
      connect({
        root,
        protocol,
        url: root.getAttribute("dj-url") || "/live",
        view: name ? { name, params } : undefined,
      }),
    );
  }
}

if (document.readyState == "loading") addEventListener("DOMContentLoaded", start);
else start();
