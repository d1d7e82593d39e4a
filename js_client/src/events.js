// Events and their replies. An event waits until it may be sent, and then until its reply arrives.

/** @typedef {import("./state.js").State} State */

/** Why an event fails if its reply can no longer arrive. */
export const LOST = { code: "resume_failed", error: "Connection lost" };

/**
 * Sends the events that may be sent: never more than `max_events` are without a reply. An event for which the server
 * would close the connection fails alone.
 * @param {State} state
 */
export function flush(state) {
  while (state._queue[0] && state._unanswered.size < state._maxEvents) {
    const [frame, settle, size] = /** @type {any} */ (state._queue.shift());
    if (size > state._maxBytes)
      settle({ code: "frame_too_large", error: `${size} bytes: the server takes ${state._maxBytes}` });
    else {
      state._unanswered.set(frame.ref, [frame, settle]);
      state._effects.send(frame);
    }
  }
}

/**
 * Sends an event. Before the welcome, and if `max_events` are without a reply, it waits.
 * @param {State} state
 * @param {string} event @param {object} params a copy that outgoing.js made
 * @param {number} size of the frame without its ref, in bytes
 * @param {import("./state.js").Settle} settle is called with the reply
 */
export function enqueue(state, event, params, size, settle) {
  const ref = ++state._ref; // EVT-9
  state._queue.push([{ type: "event", ref, event, params }, settle, size + ("" + ref).length]);
  flush(state);
}

/** Settles an event. @param {State} state @param {number} ref @param {import("./state.js").Failure} [failure] */
export function answer(state, ref, failure) {
  const [, settle] = state._unanswered.get(ref) || [];
  state._unanswered.delete(ref);
  settle?.(failure);
  flush(state);
}
