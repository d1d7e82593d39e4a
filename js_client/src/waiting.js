// What shows that something is not there yet: marks on elements whose event is unanswered, and a notice that
// there is no connection.

import { call, get, set } from "./dom.js";

const MARK = "data-stream-waiting";

/** @type {Set<() => void>} what marks the elements of each client */
const clients = new Set();
/** Marks what waits. */
export const markAll = () => clients.forEach((mark) => mark());

/** The elements whose events are unanswered. */
export function waits() {
  /** @type {Map<Element, {content: string}[]>} what a second press of each of them would say */
  const held = new Map();
  /** @type {Set<Element>} */
  let marked = new Set();

  /** Marks elements and their forms, and removes the marks of those that wait no longer. */
  function mark() {
    const before = marked;
    marked = new Set();
    for (const el of held.keys())
      for (const one of [el, call(el, "closest", "form"), get(el, "form")]) if (one) marked.add(one);
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

  clients.add(mark);

  return {
    /** What second presses of an element would say; undefined if all is answered. @param {Element} el */
    of: (el) => held.get(el)?.map(({ content }) => content),

    /** An event is sent. @param {Element} el @param {string} content @returns {() => void} it was answered */
    begin(el, content) {
      const one = { content };
      held.set(el, [...(held.get(el) || []), one]);
      mark();
      return () => {
        const left = (held.get(el) || []).filter((each) => each != one);
        if (left[0]) held.set(el, left);
        else held.delete(el);
        mark();
      };
    },

    close() {
      clients.delete(mark);
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
