// The state of a stream on the page: markers on its element (CLI-10), and its alert (CLI-9).
// Alerts stand directly after the view root, where no operation and no view changes them.
// A page may provide another place: an element with `data-stream-error-for="NAME"`.

import { attributeOf, call, get } from "./dom.js";

/** @typedef {import("./session.js").Stream} Stream */

/** @param {any} el @param {boolean} open @param {boolean} failed */
function mark(el, open, failed) {
  if (!el) return;
  call(el, "toggleAttribute", "data-stream-error", failed);
  call(el, "toggleAttribute", "data-stream-active", open);
  if (open != (attributeOf(el, "aria-busy") == "true"))
    call(el, open ? "setAttribute" : "removeAttribute", "aria-busy", "true");
  for (const name of attributeOf(el, "data-loading-class")?.match(/\S+/g) || []) {
    get(el, "classList").toggle(name, open);
    if (!attributeOf(el, "class")) call(el, "removeAttribute", "class");
  }
}

/**
 * Makes the page agree with the state of the stream.
 * @param {Element} root @param {Stream} stream @param {Element | null | undefined} el its element
 */
export function show(root, stream, el) {
  const { name, state, error, _el: marked, _alert: before } = stream;
  const failed = error != undefined;
  let alert;
  if (marked != el) mark(marked, false, false);
  mark(el, state == "open", failed);
  if (failed) {
    // not inside a stream, because operations of that stream would change it
    alert = root.querySelector(`[data-stream-error-for='${name}']:not([dj-stream] *)`);
    if (!alert && before?.isConnected && !root.contains(before)) alert = before;
    if (!alert) {
      alert = call(root.ownerDocument, "createElement", "div");
      alert.className = "stream-error";
      alert.setAttribute("data-stream-error-for", name);
      root.after(alert);
    }
    if (alert.role != "alert") alert.role = "alert";
    if (alert.textContent != error) alert.textContent = error;
  }
  if (before && before != alert) {
    if (root.contains(before)) before.replaceChildren();
    else before.remove();
  }
  Object.assign(stream, { _state: state, _el: el, _alert: alert });
}
