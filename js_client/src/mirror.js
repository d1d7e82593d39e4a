// Does to the html of the program what operations do to the page, so that it is what a view or the next html of an
// operation is compared with. Loaded with the code of views, and when an operation replaces html.

import { baseOf, childAfter, childrenOf, contains, insert, knownBaseOf, pair, pairAll, parsed } from "./bases.js";
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

const { text, delete: drop } = ops;

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
  delete(el, op, html) {
    drop(el, op, html);
    const base = baseOf(el);
    if (base) call(base, "remove");
  },

  /** @type {import("./ops.js").Apply} */
  replace: (el, op, html) => put(el, html),
});

for (const where of ["append", "prepend"]) {
  const add = ops[where];
  ops[where] = (el, op, html) => {
    const isLast = where == "append";
    const last = isLast && get(el, "lastChild");
    add(el, op, html);
    const base = baseOf(el);
    if (!base) return;
    const given = childrenOf(parsed(el, html));
    pairAll(childAfter(el, last), given);
    const at = isLast ? null : get(base, "firstChild");
    for (const node of given) insert(base, node, at);
  };
}
