// A view: the root's content becomes the new html. Elements that match are kept, with their focus, selection,
// typed text and scroll positions. All others are taken from the html.

export { viewFrame } from "./view-frame.js";

const OPAQUE = /^(script|template|iframe|object|embed)$/i; // changing these would run or load something, or have no effect
const TELLING = /^(on.*|id|name|type|dj-stream|dj-hook)$/i; // the attributes that identify an element

/**
 * Replaces the root's content. The element of a stream stays, unless the view lists the stream (CLI-12).
 * @param {Element} root
 * @param {string} html a trusted type, if the page requires trusted types
 * @param {object} listed by the view, by name
 * @param {Map<string, import("./session.js").Stream>} streams
 * @param {(target: string) => Element | null | undefined} find
 * @param {import("./client.js").Tell} report gets what this throws
 */
export function swap(root, html, listed, streams, find, report) {
  try {
    // in a separate document, so that nothing is fetched and no handler runs before the elements are in place
    const parsed = root.ownerDocument.implementation.createHTMLDocument("").importNode(root);
    parsed.innerHTML = html;
    morph(root, parsed, (el) => {
      const name = el.getAttribute("dj-stream");
      const stream = streams.get(name || el.getAttribute("data-stream-error-for") || "");
      const own = name ? find(`[dj-stream='${name}']`) : stream?._alert;
      const streamed = stream?.cursor || stream?._streamed;
      const stays = !name || (!Object.hasOwn(listed, name) && streamed) || el.getAttribute("dj-update") == "ignore";
      return stays && root.contains(own || null) ? own : null;
    });
  } catch (error) {
    report("op", error);
  }
}

/**
 * @param {Element} root
 * @param {Element} html an element with the new content, which is moved out of it
 * @param {(el: Element) => Element | null | undefined} live returns the element of the page that replaces an
 *   element of the html, if there is one
 */
function morph(root, html, live) {
  const active = /** @type {HTMLElement | null} */ (root.ownerDocument.activeElement);
  /** @type {Map<Element, Element>} an element of the html, and the live element itself → the live element */
  const kept = new Map();
  for (const el of html.querySelectorAll("[dj-stream],[data-stream-error-for]")) {
    const own = live(el);
    if (own && !kept.has(own)) kept.set(el, own).set(own, own);
  }
  const scrolls = [...kept.keys()].map((el) => /** @type {const} */ ([el, el.scrollTop, el.scrollLeft]));

  /** Elements with the same key become each other. @param {Element} el @returns {string | Element} */
  const key = (el) =>
    kept.get(el) ||
    (OPAQUE.test(el.nodeName)
      ? el.outerHTML
      : el.nodeName + [...el.attributes].flatMap(({ name, value }) => (TELLING.test(name) ? name + value : [])));

  /** @param {any} from @param {any} to */
  function become(from, to) {
    if (from.data != to.data) from.data = to.data;
    if (from.nodeType != 1) return;
    for (const { name } of [...from.attributes]) if (!to.hasAttribute(name)) from.removeAttribute(name);
    for (const attribute of to.attributes)
      if (from.getAttribute(attribute.name) != attribute.value) from.setAttributeNode(attribute.cloneNode());
    const old = [...from.children].map((el) => /** @type {const} */ ([key(el), el]));
    const pairs = new Map();
    for (const next of to.children) {
      const wanted = key(next);
      const found = old.findIndex(([own]) => own == wanted);
      if (found >= 0) pairs.set(next, old.splice(found, 1)[0][1]);
    }
    for (const [, el] of old) el.remove();
    let at = /** @type {any} */ (from.firstChild);
    /** Removes nodes that are not elements and do not have this type. @param {number} [type] */
    const skip = (type) => {
      while (at && at.nodeType != 1 && at.nodeType != type) {
        const { nextSibling } = at;
        at.remove();
        at = nextSibling;
      }
    };
    for (const next of [...to.childNodes]) {
      const { nodeType } = next;
      skip(nodeType);
      const node = pairs.get(next) || (nodeType != 1 && at?.nodeType == nodeType ? at : next);
      if (node == at) at = at.nextSibling;
      else from.insertBefore(node, at);
      if (node != next && !kept.has(node)) become(node, next);
    }
    skip();
  }

  become(root, html);
  kept.forEach((own, el) => el != own && root.contains(el) && el.replaceWith(own)); // live elements that were elsewhere
  for (const [el, top, left] of scrolls) el.scrollTo?.({ top, left, behavior: "instant" });
  if (active && root.contains(active) && active != root.ownerDocument.activeElement)
    active.focus({ preventScroll: true });
}
