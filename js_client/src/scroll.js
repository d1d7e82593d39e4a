// Auto-scroll of elements with `data-stream-scroll`: it follows new content only for a reader who was
// at the bottom before it came (CLI-14).

/** @type {WeakSet<Element>} elements that follow, but whose layout takes too long for every frame */
const resting = new WeakSet();

/**
 * Scrolls to the bottom at once, whatever `scroll-behavior` says: a smooth scroll would not be at the bottom when the
 * next frame arrives.
 * @param {Element} el
 */
function toEnd(el) {
  const before = performance.now();
  el.scrollTo?.({ top: 1e9, behavior: "instant" });
  const { scrollTop } = el;
  const cost = performance.now() - before;
  if (cost < 1) return; // ms: the browser lays out the new content; of a long text, all of it
  resting.add(el); // so that scrolling takes at most a tenth of the time
  setTimeout(() => {
    resting.delete(el);
    if (el.scrollTop > scrollTop - 2) toEnd(el); // otherwise the reader has scrolled up in the meantime
  }, cost * 9);
}

/**
 * Before a frame: notes which of the elements around its targets are at the bottom.
 * @param {Element} root
 * @param {(Element | null | undefined)[]} [targets] none for a view, which changes every element
 * @returns {() => void} to be called after the frame: scrolls these elements to the bottom
 */
export function follow(root, targets) {
  const around = new Set(
    Array.from(targets || root.querySelectorAll("[data-stream-scroll]"), (el) => el?.closest("[data-stream-scroll]")),
  );
  const followed = [...around].filter(
    (el) => el && !resting.has(el) && el.scrollHeight - el.scrollTop - el.clientHeight < 2,
  ); // px: positions are fractions on some screens
  return () => followed.forEach((el) => el && toEnd(el));
}
