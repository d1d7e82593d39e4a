// Auto-scroll of elements with `data-stream-scroll`: it follows new content only for a reader who was
// at the bottom before it came (CLI-14).

/** @type {WeakSet<Element>} those that follow, and whose layout is too dear for every frame */
const resting = new WeakSet();

/**
 * At once, whatever `scroll-behavior` says: a slow scroll would not be at the bottom for the next frame.
 * @param {Element} el
 */
function toEnd(el) {
  const before = performance.now();
  el.scrollTo?.({ top: 1e9, behavior: "instant" });
  const { scrollTop } = el;
  const cost = performance.now() - before;
  if (cost < 1) return; // ms: the browser lays out what is new, and a long text as a whole
  resting.add(el); // so that scrolling takes a tenth of the time, and not all of it
  setTimeout(() => {
    resting.delete(el);
    if (el.scrollTop > scrollTop - 2) toEnd(el); // else its reader has scrolled up meanwhile
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
