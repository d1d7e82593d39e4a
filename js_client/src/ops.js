// What each content operation does to its target; lifecycle operations change no content.

/**
 * The html has gone through the page's gate. Neither `innerHTML` nor `insertAdjacentHTML` runs scripts (CLI-8);
 * `Range.createContextualFragment` would.
 * @typedef {(el: Element, op: import("./session.js").Op, html: string) => void} Apply
 */

/** @type {Record<string, Apply>} looked up with Object.hasOwn, since names come from the wire (CLI-18) */
export const ops = {
  text(el, { text, mode }) {
    const first = mode == "prepend";
    if (mode == "replace") el.replaceChildren();
    if (!text) return;
    const node = /** @type {Text | null} */ (first ? el.firstChild : el.lastChild);
    // a text node that is longer than that would be copied by some engines
    if (node?.nodeType == 3 && node.length < 4096)
      node.insertData(first ? 0 : node.length, text); // CLI-6, CLI-7
    else el[first ? "prepend" : "append"](text);
  },

  replace(el, op, html) {
    el.innerHTML = html;
  },

  append(el, op, html) {
    el.insertAdjacentHTML("beforeend", html);
  },

  prepend(el, op, html) {
    el.insertAdjacentHTML("afterbegin", html);
  },

  delete(el) {
    el.remove();
  },

  prune(el, { limit, edge }) {
    while (el.childElementCount > limit) (edge == "bottom" ? el.lastElementChild : el.firstElementChild)?.remove();
  },
};
