// Moves a node of the page. Browsers with `moveBefore` keep everything; in others, what would be lost is restored.

import { contains, elementsOf, insert, nameOf } from "./bases.js";
import { call, get } from "./dom.js";

/** @param {any} parent @param {any} node @param {any} before */
export function move(parent, node, before) {
  if (node == before || contains(node, parent)) return;
  if (get(node, "isConnected") && get(parent, "isConnected") && get(parent, "moveBefore"))
    return call(parent, "moveBefore", node, before);
  const all = elementsOf(node);
  const scrolled = all.map((el) => [el, get(el, "scrollTop"), get(el, "scrollLeft")]);
  const modal = all.filter((el) => nameOf(el) == "DIALOG" && el.open && el.showModal && el.matches(":modal"));
  insert(parent, node, before);
  for (const [el, top, left] of scrolled) if (top || left) call(el, "scrollTo", { top, left, behavior: "instant" });
  for (const el of modal) {
    el.close();
    el.showModal();
  }
}
