// Comes back at once when the network or the reader does.

const TYPES = ["online", "pageshow", "visibilitychange"];

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
