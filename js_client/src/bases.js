// The html that the program gave for each node of the page. A view is compared with this html and not with the page:
// what differs was changed by the program, and whatever else differs on the page was changed by its reader or a script.
// Nodes of the html ("bases") are in a document of their own, in which nothing is fetched, run or upgraded.

import { call, get, set } from "./dom.js";

/** @type {WeakMap<Node, any>} a node of the page → its base */
const bases = new WeakMap();
/** @type {WeakMap<Node, any>} a base → its node of the page */
const lives = new WeakMap();
/** @type {WeakMap<Document, Document>} */
const inert = new WeakMap();

/** The base of a node, if the program gave it. @param {any} node @returns {any} */
export const baseOf = (node) => bases.get(node);

/** The node of the page for a base, in the document or not. @param {any} base @returns {any} */
export const liveOf = (base) => lives.get(base);

/** @param {any} node @returns {any[]} */
export const childrenOf = (node) => [...get(node, "childNodes")];

/** @param {any} node @returns {any} */
export const parentOf = (node) => get(node, "parentNode");

/** @param {any} node @returns {any} */
export const nextOf = (node) => get(node, "nextSibling");

/** The child of an element after this one; the first, after none. @param {any} el @param {any} node @returns {any} */
export const childAfter = (el, node) => (node ? nextOf(node) : get(el, "firstChild"));

/** @param {any} node @returns {string} */
export const nameOf = (node) => get(node, "nodeName");

/** @param {any} node */
export const isElement = (node) => get(node, "nodeType") == 1;

/** @param {any} el @param {string} selector @returns {any[]} */
export const allIn = (el, selector) => [...call(el, "querySelectorAll", selector)];

/** A node and all elements in it; nothing if it is not an element. @param {any} node @returns {any[]} */
export const elementsOf = (node) => (isElement(node) ? [node, ...allIn(node, "*")] : []);

/** Whether two nodes have the same html. @param {any} one @param {any} other @returns {boolean} */
export const isEqual = (one, other) => call(one, "isEqualNode", other);

/** @param {any} el @param {any} node */
export const contains = (el, node) => call(el, "contains", node);

/** @param {any} parent @param {any} node @param {any} before @returns {any} */
export const insert = (parent, node, before) => call(parent, "insertBefore", node, before);

/**
 * Makes nodes of the page and bases the same nodes, in their order. The page may have more: a custom element has
 * rendered itself.
 * @param {any} at the first node of the page @param {any[]} given
 */
export function pairAll(at, given) {
  for (const base of given) {
    const name = nameOf(base);
    let live = at;
    while (live && nameOf(live) != name) live = nextOf(live);
    if (!live) continue;
    pair(live, base);
    at = nextOf(live);
  }
}

/** Makes two nodes the same node, and what is in them. @param {any} live @param {any} base */
export function pair(live, base) {
  bases.set(live, base);
  lives.set(base, live);
  pairAll(get(live, "firstChild"), childrenOf(base));
}

/** @param {any} node @returns {any} */
function inertFor(node) {
  const document = get(node, "ownerDocument");
  let other = inert.get(document);
  if (!other) inert.set(document, (other = get(document, "implementation").createHTMLDocument("")));
  return other;
}

/** The base of an element. What it contains at the first call is taken for the program's. @param {any} el */
export function knownBaseOf(el) {
  if (!bases.has(el)) pair(el, inertFor(el).importNode(el, true));
  return bases.get(el);
}

/**
 * Parses html as content of an element.
 * @param {any} el @param {any} html a trusted type, if the page requires trusted types
 * @returns {any} an element that has this content
 */
export function parsed(el, html) {
  const next = inertFor(el).importNode(el);
  set(next, "innerHTML", html);
  return next;
}

/** Whether nothing in this node is the program's. @param {any} node @returns {boolean} */
export const isForeign = (node) => !bases.has(node) && childrenOf(node).every(isForeign);

/** Removes a node. @param {any} node */
export const remove = (node) => call(node, "remove");
