// Attributes, and the state of fields that attributes only begin. What the html says differently from before is the
// program's; everything else stays as the reader or a script left it.

import { allIn, baseOf, childrenOf, isEqual, liveOf, nameOf } from "./bases.js";
import { attributeOf, call, get } from "./dom.js";

/** @param {string | null} value @returns {string[]} */
const words = (value) => value?.match(/\S+/g) || [];

/**
 * How much is equal at the start and at the end of two lists or texts.
 * @param {any} old @param {any} now @param {(one: any, other: any) => boolean} isSame
 */
export function equalEnds(old, now, isSame) {
  const most = Math.min(old.length, now.length);
  let start = 0;
  while (start < most && isSame(old[start], now[start])) start++;
  let end = 0;
  while (end < most - start && isSame(old.at(-1 - end), now.at(-1 - end))) end++;
  return [start, end];
}

/**
 * Changes what differs between two texts, so that selections elsewhere in the node stay.
 * @param {any} node @param {string} data
 */
export function write(node, data) {
  const old = node.data;
  const [start, end] = equalEnds(old, data, Object.is);
  if (old != data) node.replaceData(start, old.length - start - end, data.slice(start, data.length - end));
}

/**
 * Classes and properties that a script set stay. `before` are the classes that were given.
 * @type {Record<string, (live: any, base: any, next: any, before: string | null) => void>}
 */
const parts = {
  class(live, base, next, before) {
    const list = get(live, "classList");
    const olds = words(before);
    const news = words(attributeOf(next, "class"));
    for (const name of olds) if (!news.includes(name)) list.remove(name);
    for (const name of news) if (!olds.includes(name)) list.add(name);
  },

  style(live, base, next) {
    const [style, before, now] = [live, base, next].map((el) => get(el, "style"));
    for (const name of [...before, ...now]) {
      const value = now.getPropertyValue(name);
      if (value != before.getPropertyValue(name)) style.setProperty(name, value, now.getPropertyPriority(name));
    }
  },
};

/** @param {any} el @param {string} name @param {any} attribute null to remove it */
function put(el, name, attribute) {
  if (attribute) call(el, "setAttributeNode", attribute.cloneNode());
  // without its attribute, a modal dialog would be out of sight and still in the way
  else if (name == "open" && nameOf(el) == "DIALOG" && el.open && el.close) el.close();
  else call(el, "removeAttribute", name);
}

/**
 * @param {any} live @param {any} base becomes `next` @param {any} next
 * @returns {Set<string>} the attributes that the program changed
 */
export function mergeAttributes(live, base, next) {
  const changed = new Set();
  for (const { name } of [...get(base, "attributes"), ...get(next, "attributes")]) {
    const before = attributeOf(base, name);
    if (before === attributeOf(next, name)) continue;
    const attribute = call(next, "getAttributeNode", name);
    // these classes are not a script's: the client sets those that an open stream has now
    if (name == "data-loading-class") parts.class(live, base, next, before);
    if (Object.hasOwn(parts, name) && attributeOf(live, name) !== before) parts[name](live, base, next, before);
    else put(live, name, attribute);
    put(base, name, attribute);
    changed.add(name);
  }
  for (const name in parts)
    if (attributeOf(live, name) === "" && attributeOf(next, name) === null) call(live, "removeAttribute", name);
  return changed;
}

/** @type {(el: any) => any[]} the options that the html selects */
const chosen = (el) => allIn(el, "option[selected]");

/** Attributes only begin what a field has. @param {any} live @param {any} next @param {Set<string>} changed */
export function mergeInput(live, next, changed) {
  const { value, type } = next;
  if (changed.has("checked")) live.checked = next.checked;
  if (changed.has("value") && type != "file" && live.value != value) live.value = value;
}

/** @param {any} live @param {any} base @param {any} next a `textarea` */
export function mergeText(live, base, next) {
  const { value } = next;
  if (base.defaultValue == next.defaultValue) return;
  live.defaultValue = base.defaultValue = next.defaultValue;
  if (live.value != value) live.value = value;
}

/**
 * The choice of a `select`, which is made when it has all its options.
 * @param {any} live @param {any} base becomes `next` until then @param {any} next
 */
export function choiceOf(live, base, next) {
  const before = chosen(base);
  const own = [...live.selectedOptions];
  const isCleared = !own[0] && live.options.length;
  const shown = next.selectedIndex;
  return () => {
    const after = chosen(base);
    const options = [...live.options];
    if (live.multiple) {
      for (const option of options) {
        const given = baseOf(option);
        const wanted = (before.includes(given) == after.includes(given) ? own : after.map(liveOf)).includes(option);
        if (option.selected != wanted) option.selected = wanted;
      }
      return;
    }
    const stays = before.at(-1) == after.at(-1) && (isCleared || options.includes(own[0]));
    const wanted = stays ? own[0] : liveOf(allIn(base, "option")[shown]);
    if (wanted) wanted.selected = true;
    else live.selectedIndex = -1;
  };
}

/** Whether the reader edits the content of this element. @param {any} el */
export const isEditable = (el) => /^(true|plaintext-only|)$/i.test(attributeOf(el, "contenteditable") ?? "no");

/** Whether an element has the content of its base. @param {any} live @param {any} base */
export function isAsGiven(live, base) {
  const own = childrenOf(live);
  const given = childrenOf(base);
  return own.length == given.length && own.every((child, i) => isEqual(child, given[i]));
}
