// What each content operation does to its target. Lifecycle operations change no content.

import { call, get } from "./dom.js";
import { OPS } from "./vocabulary.js";

/**
 * The html has passed the gate of targets.js. `insertAdjacentHTML` runs no scripts (CLI-8), as
 * `Range.createContextualFragment` would.
 * @typedef {(el: Element, op: import("./session.js").Op, html: string) => void} Apply
 */

/**
 * Looked up with Object.hasOwn, since names come from the wire (CLI-18). mirror.js replaces them when it is loaded.
 * @type {Record<string, Apply>}
 */
export const ops = {
  text(el, { text, mode }) {
    const first = mode == "prepend";
    if (mode == "replace") call(el, "replaceChildren");
    if (!text) return;
    const node = /** @type {Text | null} */ (get(el, first ? "firstChild" : "lastChild"));
    // some engines copy a longer text node when it grows
    if (node?.nodeType == 3 && node.length < 4096)
      node.insertData(first ? 0 : node.length, text); // CLI-6, CLI-7
    else call(el, first ? "prepend" : "append", text);
  },

  replace(el, op, html) {
    call(el, "replaceChildren");
    ops.append(el, op, html);
    import("./mirror.js"); // from then on, nodes that did not change stay
  },

  append(el, op, html) {
    call(el, "insertAdjacentHTML", "beforeend", html);
  },

  prepend(el, op, html) {
    call(el, "insertAdjacentHTML", "afterbegin", html);
  },

  delete(el) {
    call(el, "remove");
  },

  prune(el, op, html) {
    const { limit, edge } = op;
    while (get(el, "childElementCount") > limit)
      ops.delete(get(el, edge == "bottom" ? "lastElementChild" : "firstElementChild"), op, html);
  },
};

/**
 * Applies a content operation.
 * @param {Element | null | undefined} el its target
 * @param {string} target how the operation names it
 * @param {import("./session.js").Op} op
 * @param {(html: any, op: string, target: Element) => any} safe the gate for html
 * @param {(el: Element, more: boolean) => void} touched is called before the change
 * @returns {[string, unknown] | undefined} the problem, if the operation was not applied
 */
export function apply(el, target, op, safe, touched) {
  if (!el) return [el === null ? "missing_target" : "target", target];
  const { op: name, html } = op;
  const checked = OPS[name].html && safe(html, name, el);
  touched(el, /dj-|id/i.test(checked)); // a delete removes the element from the one that it changes
  try {
    ops[name](el, op, checked);
  } catch (error) {
    return ["op", error];
  }
}
