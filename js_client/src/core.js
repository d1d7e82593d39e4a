// The protocol without a page, a socket, a clock or a random number: text comes in, and effects are called.
// frames.js says what a frame does, lifecycle.js what an operation does, events.js how events are sent and settled.

import { LOST } from "./events.js";
import { reactions, sendCancel, violation } from "./frames.js";
import { forget } from "./lifecycle.js";
import { isKnown } from "./shape.js";
import { cursorsOf, newState } from "./state.js";
import { BACK, FIRST_MS, LONGEST_MS, STABLE_MS } from "./vocabulary.js";

// The client's own choices, which the protocol leaves to each client:
const CAPS = ["html", "view", "ack", "resume"]; // what this client supports
const WINDOW = 64; // frames

/** @typedef {import("./state.js").Stream} Stream */
/** @typedef {import("./state.js").Effects} Effects */
/** @typedef {import("./state.js").Wishes} Wishes */

/** @typedef {import("./state.js").State} State */

/** Sends the cursor of each stream that had frames (FLW-5, FLW-6). @param {State} state */
function acknowledge(state) {
  const view = state._version || undefined;
  if (state._owed) state._effects.send({ type: "ack", cursors: cursorsOf(state._touched), view });
  state._owed = 0;
  state._touched.clear();
}

/** Sends `hello`, with the session to resume if there is one. @param {State} state @param {Wishes} wishes */
function hello(state, { view, caps = CAPS, limits }) {
  state._effects.send({
    type: "hello", // CON-16
    caps,
    limits: { window: WINDOW, ...limits },
    view: view && { params: {}, ...view },
    resume: state._id
      ? {
          session: state._id,
          cursors: cursorsOf(state._streams.values()), // RES-15
          view: state._version || undefined,
          attempt: ++state._resumes, // RES-21
        }
      : undefined,
  });
}

/**
 * Whether it is a second welcome, or a frame of a session before its welcome.
 * @param {State} state @param {string} type
 */
const isEarlyOrLate = ({ _maxEvents }, type) =>
  type == "welcome" ? _maxEvents : !_maxEvents && "stream view reply".includes(type);

/**
 * Applies a message.
 * @param {State} state @param {any} text @param {number} now
 * @param {number} due how many frames bring an acknowledgement
 * @returns {number | void} how many frames are not acknowledged
 */
function receive(state, text, now, due) {
  if (state._over) return;
  let frame, react;
  try {
    frame = JSON.parse(text);
  } catch {}
  state._effects.message(frame);
  try {
    if (typeof frame.type != "string") throw "type";
    react = state._dialect || (isKnown(frame, state._counts) && reactions[frame.type]);
    if (react && !state._dialect && isEarlyOrLate(state, frame.type)) throw "order";
  } catch (what) {
    return violation(state, "malformed", `${frame?.type}: ${what}`, frame?.stream); // CLI-20
  }
  if (react) react(state, frame, now);
  else state._counts.frame++; // FWD-4
  const counts = frame.type == "stream" || frame.type == "view";
  if (counts && state._acks && !state._over && ++state._owed >= due) acknowledge(state);
  return state._owed;
}

/**
 * @param {Wishes} wishes
 * @param {Effects} effects
 * @param {Map<string, Stream>} [streams] by name
 */
export function sessionOf(wishes, effects, streams = new Map()) {
  const state = newState(effects, streams);
  const { window = WINDOW } = wishes.limits || {};
  return {
    streams,
    /** How many unknown members, frame types, ops and values were ignored (FWD-4). */
    counts: state._counts,

    /** The connection is open. @param {import("./state.js").Dialect} [dialect] for a server that does not speak v1 */
    open(dialect) {
      state._dialect = dialect;
      state._over = false;
      state._fatal = undefined;
      if (!dialect) hello(state, wishes);
    },

    /**
     * A message arrived.
     * @param {any} text what the socket gave; anything but a string breaks the protocol
     * @param {number} [now] milliseconds of any clock
     * @returns {number | void} how many frames are not acknowledged
     */
    message: (text, now = 0) => receive(state, text, now, window >> 1 || 1),

    /** Sends the acknowledgement that is due. */
    acknowledge: () => acknowledge(state),

    /** For the code of a reader, which sends events and comes back. */
    _it: state,

    /** Asks the server to end a stream's open run, if there is one; again after a resume. @param {string} name */
    cancel(name) {
      const stream = streams.get(name);
      if (stream) {
        stream.stop = stream.run;
        sendCancel(state, stream);
      }
    },

    /** The connection is lost, and with it the session if it cannot be resumed. */
    close() {
      state._over = true;
      state._maxEvents = state._owed = 0;
      acknowledge(state); // forgets what it would acknowledge
      if (!state._id) forget(state);
    },

    /**
     * Whether to reconnect, and when. A fatal error's verdict overrides that of the close code (CLI-16, CLI-25).
     * @param {any} code of the close @param {number} random from 0 to 1 @param {number} now milliseconds
     * @returns {number} milliseconds to wait, or -1 for never
     */
    wait(code, random, now) {
      const { retry_after_ms: least = 0, retryable = BACK.test(code) } = state._fatal || {};
      if (!retryable) return -1;
      if (state._since && now - state._since > STABLE_MS) state._attempt = 0; // the connection was stable
      state._since = 0;
      state._soonest = now + least;
      return least + random * Math.min(LONGEST_MS, FIRST_MS * 2 ** state._attempt++);
    },

    /** There will be no further connection. */
    end() {
      forget(state);
      for (const [, settle] of state._queue.splice(0)) settle(LOST);
    },
  };
}
