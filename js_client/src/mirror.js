// Does to the html of the program what operations do to the page, so that it is what a view or the next html of an
// operation is compared with. Loaded with the code of views, and when an operation replaces html.

import { baseOf, childrenOf, contains, knownBaseOf, nextOf, pair, pairAll, parsed } from "./bases.js";
import { call, get } from "./dom.js";
import { mergeChildren } from "./merge.js";
import { ops } from "./ops.js";

/** @typedef {import("./merge.js").Run} Run */

/**
 * Merges html into an element.
 * @param {any} el @param {any} html @param {(held: Run["_held"], next: any) => void} [prepare]
 */
export function put(el, html, prepare) {
  const base = knownBaseOf(el);
  const next = parsed(el, html);
  const held = new Map();
  prepare?.(held, next);
  /** @type {Run} */
  const run = {
    _base: base,
    _next: next,
    _twins: new Map(held),
    _held: held,
    _ignores: !!prepare,
    _moved: new Set(),
    _after: [],
  };
  const document = get(el, "ownerDocument");
  const active = get(document, "activeElement");
  mergeChildren(run, el, base, next);
  for (const act of run._after) act();
  if (active && contains(el, active) && active != get(document, "activeElement"))
    call(active, "focus", { preventScroll: true });
}

const { text, append, prepend, delete: drop } = ops;

Object.assign(ops, {
  /** @type {import("./ops.js").Apply} */
  text(el, op, html) {
    text(el, op, html);
    const base = baseOf(el);
    if (!base) return;
    if (op.mode == "replace") call(base, "replaceChildren");
    const isFirst = op.mode == "prepend";
    const node = get(el, isFirst ? "firstChild" : "lastChild");
    if (!op.text || !node || get(node, "nodeType") != 3) return;
    const given = baseOf(node);
    if (given) return given.insertData(isFirst ? 0 : given.length, op.text);
    pair(node, call(node, "cloneNode"));
    call(base, isFirst ? "prepend" : "append", baseOf(node));
  },

  /** @type {import("./ops.js").Apply} */
  append(el, op, html) {
    add(el, html, "append", () => append(el, op, html));
  },

  /** @type {import("./ops.js").Apply} */
  prepend(el, op, html) {
    add(el, html, "prepend", () => prepend(el, op, html));
  },

  /** @type {import("./ops.js").Apply} */
  delete(el, op, html) {
    drop(el, op, html);
    const base = baseOf(el);
    if (base) call(base, "remove");
  },

  /** @type {import("./ops.js").Apply} */
  replace: (el, op, html) => put(el, html),
});

/**
 * @param {any} el @param {any} html @param {"append" | "prepend"} where
 * @param {() => void} act adds the html to the page
 */
function add(el, html, where, act) {
  const last = where == "append" && get(el, "lastChild");
  act();
  const base = baseOf(el);
  if (!base) return;
  const given = childrenOf(parsed(el, html));
  pairAll(last ? nextOf(last) : get(el, "firstChild"), given);
  for (const node of where == "append" ? given : given.reverse()) call(base, where, node);
}
