// Hears the events of elements with dj-click, dj-submit, dj-change, dj-input and dj-keydown. The root has one listener
// for each, so elements that are added later need no binding. input.js, which is loaded on demand, says what is sent.

import { attributeOf, call, get } from "./dom.js";

/** The types of these events. */
export const TYPES = ["click", "submit", "change", "input", "keydown"];

/**
 * An event of an element that names a handler. `data` has the fields of a submitted form, as they were at the event.
 * @typedef {(event: any, el: Element, data: FormData | undefined) => void} Act
 */

/**
 * Whether a key only types: for an input method, as the Enter that takes a candidate (Safari tells this by 229 alone),
 * or a new line.
 * @param {any} event
 */
const isTyping = ({ type, isComposing, keyCode, shiftKey, key }) =>
  type == "keydown" && (isComposing || keyCode == 229 || (shiftKey && key == "Enter"));

/**
 * @param {Element} root
 * @param {any} window
 * @param {Act} act
 * @returns {(event: any) => void} the listener
 */
export function listen(root, window, act) {
  /** @param {any} event */
  function heard(event) {
    const { type, target, key } = event;
    const el = call(target, "closest", `[dj-${type}]`);
    if (!call(root, "contains", el) || isTyping(event)) return;
    // the browser must be told now: it would leave the page, submit the form around a button, or use the key
    if (
      (type == "submit" && get(target, "method") != "dialog") ||
      (type == "click" && /^(a|submit|image)$/.test(get(el, get(el, "form") ? "type" : "localName"))) ||
      (type == "keydown" && attributeOf(el, "dj-key") == key)
    )
      event.preventDefault();
    act(event, el, type == "submit" ? new window.FormData(target, event.submitter) : undefined);
  }
  for (const type of TYPES) root.addEventListener(type, heard);
  return heard;
}
