// Three-way merge: what differs between the last html (`base`) and the next (`next`) is done to the page (`live`),
// and the base becomes `next`. Nothing else is touched, so what a reader or a script did to the page stays.

import {
  childAfter, childrenOf, elementsOf, insert, isElement, isEqual,
  isForeign, liveOf, nameOf, nextOf, pair, parentOf, remove,
} from "./bases.js";
import { attributeOf, call, get } from "./dom.js";
import { choiceOf, equalEnds, isAsGiven, isEditable, mergeAttributes, mergeInput, mergeText, write } from "./fields.js";
import { inOrder, matchOf, twinsOf } from "./match.js";
import { move } from "./move.js";

/**
 * One merge.
 * @typedef {object} Run
 * @property {any} _base what is merged @property {any} _next with this
 * @property {Map<any, any>} _twins an element of `next` → the base that it is, wherever that stands, and this base →
 *   itself; see `twinsOf`
 * @property {Map<any, any>} _held those of `_twins` that are put in place as they are on the page
 * @property {boolean} [_searched] whether ids were looked for
 * @property {boolean} _ignores whether `dj-update="ignore"` is obeyed
 * @property {Set<any>} _moved bases that were taken from another place
 * @property {(() => void)[]} _after what is done at the end
 */

/** @param {Run} run @param {any} one of `next`, or a base */
const isHeld = (run, one) => run._held.has(one);

/** @param {Run} run @param {any} live @param {any} base @param {any} next */
function merge(run, live, base, next) {
  if (isHeld(run, next) || isEqual(base, next)) return;
  if (!isElement(next)) {
    write(live, next.data);
    base.data = next.data;
    return;
  }
  if (run._ignores && attributeOf(next, "dj-update") == "ignore") return;
  const name = nameOf(next);
  const choose = name == "SELECT" && choiceOf(live, base, next);
  const changed = mergeAttributes(live, base, next);
  if (name == "INPUT") mergeInput(live, next, changed);
  if (name == "TEXTAREA") mergeText(live, base, next);
  else mergeChildren(run, live, base, next);
  if (choose) run._after.push(choose); // after options were removed
}

/** The child of `parent` that is this node or contains it. @param {any} parent @param {any} node */
function placeIn(parent, node) {
  while (node && parentOf(node) != parent) node = parentOf(node);
  return node;
}

/**
 * Removes what a script put in place of a text, as translators do, if the html has another text there now.
 * @param {any[]} olds @param {any[]} places of `olds`, between the place before and the place after them
 * @param {Map<any, any>} given one of `olds` → what it becomes @param {any} live
 */
function clearGaps(olds, places, given, live) {
  if (nameOf(live).includes("-")) return; // a custom element renders itself
  olds.forEach((old, i) => {
    const own = liveOf(old);
    if (places[i + 1] || isElement(old) || (own && get(own, "isConnected")) || isEqual(old, given.get(old))) return;
    const end = places.slice(i + 1).find(Boolean);
    let at = childAfter(live, places.slice(0, i + 1).reverse().find(Boolean));
    while (at && at != end) {
      const following = nextOf(at);
      if (isForeign(at)) remove(at);
      at = following;
    }
  });
}

/** Whether anything in this element is needed elsewhere. @param {Run} run @param {any} el of `base` or of `next` */
function hasTwin(run, el) {
  const twins = twinsOf(run);
  return twins.size && elementsOf(el).some((each) => twins.has(each));
}

/**
 * Puts a new node on the page: the one that was parsed, since the copy of a script would run in some engines.
 * @param {Run} run @param {any} live @param {any} next @param {any} at @returns {any} its base
 */
function create(run, live, next, at) {
  const parts = hasTwin(run, next);
  const base = call(next, "cloneNode", !parts);
  const own = parts ? call(next, "cloneNode") : next;
  pair(own, base);
  insert(live, own, at);
  if (parts) mergeChildren(run, own, base, next);
  return base;
}

/** Takes a base off the page. @param {any} live its parent @param {any} old */
function discard(live, old) {
  const own = liveOf(old);
  if (!own) return;
  const place = placeIn(live, own);
  remove(own);
  if (place && place != own && isForeign(place)) remove(place); // what a script had put around it
}

/** @param {Run} run @param {any} live @param {any} base becomes `next` @param {any} next is taken apart */
export function mergeChildren(run, live, base, next) {
  let olds = childrenOf(base);
  let news = childrenOf(next);
  const [start, end] = equalEnds(olds, news, (old, one) =>
    isHeld(run, one) ? run._held.get(one) == old : !isHeld(run, old) && isEqual(old, one),
  );
  if (olds.length == start + end && news.length == start + end) return;
  if (isEditable(next) && !isAsGiven(live, base)) {
    call(live, "replaceChildren"); // an edited text and a new one have no common sense
    call(base, "replaceChildren");
    for (const one of news) call(base, "append", create(run, live, one, null));
    return;
  }
  const place = (/** @type {any} */ old) => placeIn(live, liveOf(old));
  const before = olds.slice(0, start).reverse();
  const last = place(before.find(place));
  const following = place(olds.slice(olds.length - end).find(place));
  olds = olds.slice(start, olds.length - end);
  news = news.slice(start, news.length - end);
  const matched = matchOf(run, olds, news);
  const given = new Map(Array.from(matched, ([one, old]) => [old, one]));
  const places = olds.map(place);
  clearGaps(olds, [last, ...places, following], given, live);
  const kept = arrange(run, live, olds, news, matched, places, last, following);
  for (const old of olds) {
    if (given.has(old) || parentOf(old) != base) continue;
    const take = () => run._moved.has(old) || discard(live, old);
    if (hasTwin(run, old)) run._after.unshift(take);
    else take();
    remove(old);
  }
  let at = childAfter(base, before[0]);
  for (const one of kept) {
    if (one == at) at = nextOf(at);
    else insert(base, one, at);
  }
}

/**
 * Puts nodes in the order of the html, and merges them.
 * @param {Run} run @param {any} live @param {any[]} olds @param {any[]} news
 * @param {Map<any, any>} matched one of `news` → its base @param {any[]} places of `olds` on the page
 * @param {any} previous the place before them @param {any} following the place after them
 * @returns {any[]} the bases, in this order
 */
function arrange(run, live, olds, news, matched, places, previous, following) {
  const numbers = new Map(olds.map((old, i) => [old, i]));
  const stay = inOrder(live, news.flatMap((one) => numbers.get(matched.get(one)) ?? []), places);
  const first = places.find((place, i) => place && stay(i)) || following;
  /** Where the next node is put. */
  const before = () => {
    if (previous && parentOf(previous) == live) return nextOf(previous);
    return first && parentOf(first) == live ? first : null;
  };
  return news.map((one) => {
    const old = matched.get(one);
    const own = old && liveOf(old);
    if (!own) {
      const made = create(run, live, one, before());
      previous = liveOf(made);
      return made;
    }
    const number = numbers.get(old); // none if it stood elsewhere
    let place = number != undefined && placeIn(live, own);
    if (number == undefined) run._moved.add(old);
    if (place ? !stay(number || 0) : number == undefined || isWanted(run, own, old, one))
      move(live, (place ||= own), before());
    merge(run, own, old, one);
    previous = place || previous;
    return old;
  });
}

/**
 * Whether a node is put back that a script took away.
 * @param {Run} run @param {any} own @param {any} old @param {any} one
 */
function isWanted(run, own, old, one) {
  return isHeld(run, one) || !(get(own, "isConnected") || isEqual(old, one));
}
