// Comes back at once when the network or the reader does.

import { FIRST_MS } from "./vocabulary.js";

const TYPES = ["online", "pageshow", "visibilitychange"];

/**
 * How long to wait once the network or the reader is back. The bound of the next wait stays what it is.
 * @param {import("./state.js").State} session
 * @param {number} random from 0 to 1 @param {number} now milliseconds
 * @returns {number} milliseconds
 */
export const soonest = ({ _soonest }, random, now) => Math.max(0, _soonest - now) + random * FIRST_MS;

/**
 * @param {any} window
 * @returns {(state: string, hurry?: () => void) => void} to be called with each state of the connection, and with what
 *   makes the next attempt follow at once. The state `closed` is the last one
 */
export function returning(window) {
  /** @type {(() => void) | undefined} one attempt in each wait, however often there is a reason */
  let once;

  /** @param {Event} event */
  function back({ type }) {
    if (type != "online" && window.document.visibilityState == "hidden") return;
    once?.();
    once = undefined;
  }
  // as they pass the window: not each of them bubbles
  for (const type of TYPES) window.addEventListener(type, back, true);

  return (state, hurry) => {
    once = state == "waiting" ? hurry : undefined;
    if (state == "closed") for (const type of TYPES) window.removeEventListener(type, back, true);
  };
}
