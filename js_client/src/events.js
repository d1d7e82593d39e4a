// Events and their replies. An event waits until it may be sent, and then until its reply arrives.

/** @typedef {import("./state.js").State} State */

/** Why an event fails if its reply can no longer arrive. */
export const LOST = { code: "resume_failed", error: "Connection lost" };

/** Sends the events that may be sent: never more than `max_events` are without a reply. @param {State} state */
export function flush(state) {
  while (state._queue[0] && state._unanswered.size < state._maxEvents) {
    const [frame, settle] = /** @type {any} */ (state._queue.shift());
    state._unanswered.set(frame.ref, [frame, settle]);
    state._effects.send(frame);
  }
}

/** Settles an event. @param {State} state @param {number} ref @param {import("./state.js").Failure} [failure] */
export function answer(state, ref, failure) {
  const [, settle] = state._unanswered.get(ref) || [];
  state._unanswered.delete(ref);
  settle?.(failure);
  flush(state);
}
