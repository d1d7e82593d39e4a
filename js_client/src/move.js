// Moves a node of the page. Browsers with `moveBefore` keep everything; in others, what would be lost is restored.

import { call, get } from "./dom.js";

/** @param {any} parent @param {any} node @param {any} before */
export function move(parent, node, before) {
  if (node == before || call(node, "contains", parent)) return;
  const isElement = get(node, "nodeType") == 1;
  if (get(node, "isConnected") && get(parent, "isConnected") && get(parent, "moveBefore"))
    return call(parent, "moveBefore", node, before);
  const all = isElement ? [node, ...call(node, "querySelectorAll", "*")] : [];
  const scrolled = all.map((el) => [el, get(el, "scrollTop"), get(el, "scrollLeft")]).filter(([, top, left]) => top || left);
  const modal = all.filter((el) => get(el, "nodeName") == "DIALOG" && el.open && el.showModal && el.matches(":modal"));
  call(parent, "insertBefore", node, before);
  for (const [el, top, left] of scrolled) call(el, "scrollTo", { top, left, behavior: "instant" });
  for (const el of modal) {
    el.close();
    el.showModal();
  }
}
