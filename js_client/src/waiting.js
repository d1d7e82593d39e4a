// What shows that something is not there yet: marks on elements whose event is unanswered, and a notice without connection.

import { call, get, set } from "./dom.js";

const MARK = "data-stream-waiting";

/** The elements whose events are unanswered. */
export function waits() {
  /** @type {Map<Element, string[][]>} what each of them sent */
  const held = new Map();
  /** @type {Set<Element>} */
  let marked = new Set();

  /** Marks elements and their forms, and removes the marks of those that wait no longer. */
  function mark() {
    const before = marked;
    marked = new Set();
    for (const el of held.keys()) for (const one of [el, call(el, "closest", "form"), get(el, "form")]) if (one) marked.add(one);
    for (const el of before)
      if (!marked.has(el)) {
        call(el, "removeAttribute", MARK);
        if (!call(el, "hasAttribute", "data-stream-active")) call(el, "removeAttribute", "aria-busy");
      }
    for (const el of marked) {
      call(el, "setAttribute", MARK, "");
      call(el, "setAttribute", "aria-busy", "true");
    }
  }

  return {
    mark,

    /** What an element has sent and is not answered yet; undefined if there is nothing. @param {Element} el */
    of: (el) => held.get(el)?.flat(),

    /** An event is sent. @param {Element} el @param {string[]} contents @returns {() => void} it was answered */
    begin(el, contents) {
      held.set(el, [...(held.get(el) || []), contents]);
      mark();
      return () => {
        const left = (held.get(el) || []).filter((one) => one != contents);
        if (left[0]) held.set(el, left);
        else held.delete(el);
        mark();
      };
    },

    close() {
      held.clear();
      mark();
    },
  };
}

/** For which roots an element says that there is no connection. @type {WeakMap<Element, Set<Element>>} */
const without = new WeakMap();

/**
 * Elements with `data-stream-offline` show its value while there is no connection: those in the root, and those in no
 * root, which speak for every root. A screen reader announces the text, since the element stays and its text changes.
 * @param {Element} root @param {any} window
 * @returns {(state: string) => void} to be called with each state of the connection
 */
export const offline = (root, window) => {
  let isLost = false;
  return (state) => {
    if (state != "connecting") isLost = state != "open"; // an attempt to come back has not succeeded yet
    for (const el of call(window.document, "querySelectorAll", "[data-stream-offline]")) {
      if (!call(root, "contains", el) && call(el, "closest", "[dj-view]")) continue;
      const roots = without.get(el) || new Set();
      without.set(el, roots);
      if (isLost) roots.add(root);
      else roots.delete(root);
      const text = roots.size ? call(el, "getAttribute", "data-stream-offline") : "";
      if (!call(el, "hasAttribute", "role")) call(el, "setAttribute", "role", "status");
      if (get(el, "textContent") != text) set(el, "textContent", text);
    }
  };
};
