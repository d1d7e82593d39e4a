// A view: the root's content becomes the new html, by the rules of merge.js.

import { allIn, contains, knownBaseOf } from "./bases.js";
import { attributeOf } from "./dom.js";
import { put } from "./mirror.js";

export { learn } from "./view-frame.js";

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
  /** The element of the page that is put in place of one of the html. @param {any} el */
  function liveFor(el) {
    const name = attributeOf(el, "dj-stream");
    const stream = streams.get(name || attributeOf(el, "data-stream-error-for") || "");
    const own = name ? find(`[dj-stream='${name}']`) : stream?._alert;
    const streamed = stream?.cursor || stream?._streamed;
    const stays = !name || (!Object.hasOwn(listed, name) && streamed) || attributeOf(el, "dj-update") == "ignore";
    return stays && contains(root, own) ? own : undefined;
  }

  try {
    put(root, html, (held, next) => {
      for (const el of allIn(next, "[dj-stream],[data-stream-error-for]")) {
        const own = liveFor(el);
        const base = own && knownBaseOf(own);
        if (base && !held.has(base)) held.set(el, base).set(base, base);
      }
    });
  } catch (error) {
    report("op", error);
  }
}
