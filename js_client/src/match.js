// Which node of the html of before is which node of the html of now.

import { isElement, isEqual, nameOf } from "./bases.js";
import { attributeOf, get } from "./dom.js";

const OPAQUE = /^(script|template|iframe|object|embed)$/i; // changing these would run or load something, or have no effect
// the attributes that identify an element
const TELLING = /^(on.*|id|name|type|dj-stream|dj-hook|data-key|data-stream-error-for)$/i;
const CHOICE = /^(radio|checkbox)$/i; // many of one name, and their values tell them apart

/** Elements with the same key may become each other. @param {any} node @returns {string} */
export function keyOf(node) {
  const name = nameOf(node);
  if (OPAQUE.test(name) && attributeOf(node, "dj-update") != "ignore") return get(node, "outerHTML");
  let key = name;
  for (const { name: attribute, value } of get(node, "attributes"))
    if (TELLING.test(attribute)) key += ` ${attribute}=${value}`;
  if (name == "OPTION") key += attributeOf(node, "value") ?? node.text;
  if (name == "INPUT" && CHOICE.test(attributeOf(node, "type") || "")) key += ` ${attributeOf(node, "value")}`;
  return key;
}

/**
 * @param {import("./merge.js").Run} run
 * @param {any[]} olds @param {any[]} news
 * @returns {Map<any, any>} one of `news` → the base that it becomes; a twin may stand elsewhere
 */
export function matchOf({ _twins: twins, _taken: taken }, olds, news) {
  const matched = new Map();
  /** @param {any} one @param {any} old */
  const is = (one, old) => {
    const twin = twins.get(one);
    return twin ? twin == old : one && old && !taken.has(old) && isEqual(old, one);
  };
  let start = 0;
  while (is(news[start], olds[start])) matched.set(news[start], olds[start++]);
  let end = 0; // from the end
  while (end < Math.min(olds.length, news.length) - start && is(news.at(-1 - end), olds.at(-1 - end)))
    matched.set(news.at(-1 - end), olds.at(-1 - end++));
  const rest = news.slice(start, news.length - end).filter((one) => {
    const twin = twins.get(one);
    if (twin) matched.set(one, twin);
    return !twin;
  });
  const left = olds.slice(start, olds.length - end).filter((old) => !taken.has(old));
  let ones = rest.filter(isElement);
  let free = new Set(left.filter(isElement));

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

  pairBy((el) => get(el, "outerHTML"));
  pairBy(keyOf);
  // texts and comments that follow the same element, in their order
  ones = rest.filter((one) => !isElement(one));
  free = new Set(left.filter((old) => !isElement(old)));
  const numbers = new Map(olds.map((old, i) => [old, i]));
  pairBy((node) => {
    let last = node;
    while (last && !isElement(last)) last = get(last, "previousSibling");
    return nameOf(node) + (last ? numbers.get(matched.get(last) || last) : "first");
  });
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
