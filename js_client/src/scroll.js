// Auto-scroll of elements with `data-stream-scroll`: a reader at the end stays there, whatever changes the height,
// until they scroll up (CLI-14). Positions are read where the layout is up to date, and one scroll precedes each paint,
// so no frame costs a layout.

import { call, get } from "./dom.js";

const SELECTOR = "[data-stream-scroll]";

/**
 * What is known of an element that scrolls.
 * @typedef {object} Place
 * @property {boolean} follows the reader is at the end
 * @property {boolean} dirty frames changed the content since it was last at its end
 * @property {number} top the last position
 * @property {Element | null} [last] the last child at that time
 * @property {number} [offset] where it was in the window, in px
 * @property {() => void} later scrolls before the next paint
 * @property {() => void} judge looks where the reader is
 */
/** @type {WeakMap<Element, Place>} */
const places = new WeakMap();

/** @param {any} el */
const topOf = (el) => call(el, "getBoundingClientRect").top;

/** How far an element is from its end, in px. Positions are fractions on some screens. @param {any} el */
const isAtEnd = (el) => get(el, "scrollHeight") - get(el, "scrollTop") - get(el, "clientHeight") < 2;

/** @param {any} el @param {Place} place */
function note(el, place) {
  place.top = get(el, "scrollTop");
  place.last = get(el, "lastElementChild");
  place.offset = place.last ? topOf(place.last) - topOf(el) : 0;
}

/**
 * Whether the reader scrolled up since the last position. A browser that holds the content in place while something
 * above it is removed moves the position as well, but not the content.
 * @param {any} el @param {Place} place
 */
const wentUp = (el, { top, last, offset = 0 }) =>
  get(el, "scrollTop") < top - 1 && !(last && call(el, "contains", last) && topOf(last) - topOf(el) < offset + 1);

/**
 * Watches an element from now on.
 * @param {any} el @param {any} window
 * @returns {Place}
 */
function placeOf(el, window) {
  const { ResizeObserver, MutationObserver, requestAnimationFrame } = window;
  /** @type {WeakSet<Element>} */
  const seen = new WeakSet();

  function toEnd() {
    place.dirty = false;
    if (!place.follows) return;
    // at once, whatever `scroll-behavior` says: a smooth scroll would not be at the end when the next frame arrives
    if (!isAtEnd(el)) call(el, "scrollTo", { top: 1e9, behavior: "instant" });
    note(el, place);
  }

  /** @type {Place} */
  const place = {
    follows: isAtEnd(el),
    dirty: false,
    top: 0,

    later() {
      if (!place.dirty) requestAnimationFrame?.(toEnd); // a page that is not shown scrolls when it is shown
      place.dirty = true;
    },

    judge() {
      if (isAtEnd(el)) place.follows = true;
      else if (wentUp(el, place)) place.follows = false;
      note(el, place);
    },
  };

  const sizes = ResizeObserver && new ResizeObserver(toEnd);
  /** Watches the height of children that are new; they are added at the ends, or all of them change. */
  function watch() {
    for (const next of ["nextElementSibling", "previousElementSibling"]) {
      let child = get(el, next[0] == "n" ? "firstElementChild" : "lastElementChild");
      for (; child && !seen.has(child); child = get(child, next)) {
        seen.add(child);
        sizes?.observe(child);
      }
    }
  }
  new MutationObserver(() => {
    watch();
    place.later();
  }).observe(el, { childList: true });
  sizes?.observe(el);
  call(el, "addEventListener", "scroll", place.judge, { passive: true });
  note(el, place);
  watch();
  return place;
}

/**
 * Before a frame: looks whether the readers of the elements around its targets are at the end.
 * @param {Element} root
 * @param {any} window
 * @param {(Element | null | undefined)[]} [targets] none for a view, which changes every element
 * @returns {() => void} to be called after the frame: they stay there
 */
export function follow(root, window, targets) {
  /** @type {Set<Place>} */
  const around = new Set();
  /** @param {Iterable<Element | null | undefined>} elements */
  function look(elements) {
    for (const one of elements) {
      const el = one && call(one, "closest", SELECTOR);
      if (!el) continue;
      let place = places.get(el);
      if (!place) places.set(el, (place = placeOf(el, window)));
      else if (!place.dirty) place.judge(); // frames after the first one find the page without a layout
      around.add(place);
    }
  }
  const all = () => call(root, "querySelectorAll", SELECTOR);
  look(targets || all());
  return () => {
    if (!targets) look(all()); // elements that are new
    for (const place of around) place.later();
  };
}
