// Which node of the last html is which node of the next html.

import { allIn, isElement, nameOf } from "./bases.js";
import { attributeOf, get } from "./dom.js";

const OPAQUE = /^(script|template|iframe|object|embed)$/i; // changing these would run or load something, or have no effect
// the attributes that identify an element
const TELLING = /^(on.*|id|name|type|dj-stream|dj-hook|data-key|data-stream-error-for)$/i;
const CHOICE = /^(radio|checkbox)$/; // many of one name, and their values tell them apart

/** Elements with the same key may become each other. @param {any} node @returns {string} */
export function keyOf(node) {
  const name = nameOf(node);
  if (OPAQUE.test(name) && attributeOf(node, "dj-update") != "ignore") return get(node, "outerHTML");
  let key = name;
  for (const { name: attribute, value } of get(node, "attributes"))
    if (TELLING.test(attribute)) key += ` ${attribute}=${value}`;
  if (name == "OPTION") key += attributeOf(node, "value") ?? node.text;
  if (name == "INPUT" && CHOICE.test(node.type)) key += ` ${attributeOf(node, "value")}`;
  return key;
}

/**
 * Adds elements with an id to the twins, at the first need.
 * @param {import("./merge.js").Run} run @returns {Map<any, any>} the twins
 */
export function twinsOf(run) {
  const { _twins } = run;
  if (run._searched) return _twins;
  run._searched = true;
  const before = byId(run._base);
  for (const [id, el] of byId(run._next)) {
    const old = before.get(id);
    if (el && old && !_twins.has(el) && !_twins.has(old) && keyOf(old) == keyOf(el)) _twins.set(el, old).set(old, old);
  }
  return _twins;
}

/** @param {any} el @returns {Map<string, any>} elements by id; null if there are several */
function byId(el) {
  const found = new Map();
  for (const each of allIn(el, "[id]")) {
    const id = attributeOf(each, "id");
    found.set(id, found.has(id) ? null : each);
  }
  return found;
}

/**
 * @param {import("./merge.js").Run} run
 * @param {any[]} olds @param {any[]} news
 * @returns {Map<any, any>} one of `news` → the base that it becomes, which may stand elsewhere
 */
export function matchOf(run, olds, news) {
  const { _held } = run;
  const matched = new Map();
  for (const one of news) if (_held.has(one)) matched.set(one, _held.get(one));
  let ones = news.filter((one) => isElement(one) && !matched.has(one));
  let free = new Set(olds.filter((old) => isElement(old) && !_held.has(old)));

  /** @param {(node: any) => string} key of nodes that become each other */
  function pairBy(key) {
    if (!ones.length || !free.size) return;
    const pool = new Map();
    for (const old of free) {
      const own = key(old);
      if (pool.has(own)) pool.get(own).push(old);
      else pool.set(own, [old]);
    }
    ones = ones.filter((one) => {
      const old = pool.get(key(one))?.shift();
      if (old) matched.set(one, old);
      return !(old && free.delete(old));
    });
  }

  if (ones.length + free.size > 2) pairBy((el) => get(el, "outerHTML"));
  pairBy(keyOf);
  for (const one of ones) {
    const twin = twinsOf(run).get(one);
    if (twin) matched.set(one, twin);
  }
  // texts and comments that follow the same element, in their order
  ones = news.filter((one) => !isElement(one));
  free = new Set(olds.filter((old) => !isElement(old)));
  const keys = new Map();
  for (const nodes of [olds, news]) {
    /** @type {any} */
    let last = "first";
    for (const node of nodes)
      if (!isElement(node)) keys.set(node, nameOf(node) + last);
      else last = olds.indexOf(matched.get(node) || node);
  }
  pairBy((node) => keys.get(node));
  return matched;
}

/**
 * Which of the old children stay where they are: all, if the html did not change their order; otherwise as many as
 * can be.
 * @param {any} live @param {number[]} order the numbers of the old children, as they are ordered now
 * @param {any[]} places of the old children on the page
 * @returns {(number: number) => boolean}
 */
export function inOrder(live, order, places) {
  if (order.every((number, i) => !i || number > order[i - 1])) return () => true;
  const at = new Map([...get(live, "childNodes")].map((node, i) => [node, i]));
  // the longest ascending part of the positions: `tails` has the ends of ascending parts, by their length
  /** @type {{_at: number, _number: number, _before: any}[]} */
  const tails = [];
  for (const number of order) {
    const own = at.get(places[number]);
    if (own == undefined) continue;
    let low = 0;
    for (let high = tails.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (tails[middle]._at < own) low = middle + 1;
      else high = middle;
    }
    tails[low] = { _at: own, _number: number, _before: tails[low - 1] };
  }
  const stay = new Set();
  for (let tail = tails.at(-1); tail; tail = tail._before) stay.add(tail._number);
  return (number) => stay.has(number);
}
