// What operations name, and what may be shown there: elements by target (CLI-13), and html after the sanitizer.

import { call } from "./dom.js";
import { TARGET } from "./vocabulary.js";

/** @typedef {(html: string, place: {op: string, target: Element}) => string} Sanitizer */

/**
 * Finds the element that a target names: the first in document order inside the root.
 * @param {Element} root
 * @param {Map<string, Element>} found the elements that were found, by selector; cleared when other elements may match
 * @param {boolean} any whether a target may be any selector, as in v0
 * @returns {(target: any) => Element | null | undefined} null: no element has this target; undefined: it is not a
 *   target, and was not used as a selector
 */
export const finderOf = (root, found, any) => (target) => {
  const [known, id] = TARGET.exec(target) || [];
  const selector = id ? `[id='${id.replaceAll("\\", "\\\\")}']` : target; // an id contains no quotes
  let el = found.get(selector);
  if (known && el && root.contains(el) && call(el, "matches", selector)) return el;
  try {
    if (known || any) {
      el = /** @type {any} */ (root.querySelector(selector));
      found.set(selector, /** @type {any} */ (el));
      return el;
    }
  } catch {}
};

/**
 * A gate that passes html through the sanitizer, and makes it a trusted type if the browser has them.
 * @param {any} window
 * @param {import("./client.js").Options} options
 * @param {any} namespace `window.streamops`: all clients of a page share a policy, whose name can be used only once
 * @param {import("./client.js").Tell} report
 * @returns {(html: any, op: string, target: Element) => any} gives what `innerHTML` takes
 */
export function gateOf(window, { sanitize, trustedTypes = window.trustedTypes }, namespace, report) {
  const policy = (namespace.policy ||= trustedTypes?.createPolicy("streamops", { createHTML: String }));
  return (html, op, target) => {
    try {
      if (sanitize) html = sanitize(html, { op, target });
    } catch (error) {
      html = ""; // html that was not sanitized is not shown
      report("sanitizer", error);
    }
    return policy ? policy.createHTML(html || "") : html || "";
  };
}
