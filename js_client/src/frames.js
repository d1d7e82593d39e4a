// What a frame of each type does. A frame is checked as a whole before any of it is applied,
// so a frame that breaks the protocol changes nothing.

import { answer, flush } from "./events.js";
import { applyAll, expire, forget } from "./lifecycle.js";
import { kindOf } from "./shape.js";
import { streamOf } from "./state.js";
import { BAD_FRAME, WIRE } from "./vocabulary.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./state.js").Stream} Stream */

/**
 * The server broke the protocol: reports this and closes. The client reconnects (CLI-3, CLI-25) and resumes its
 * session, unless the session broke in the same way before (RES-19).
 * @param {State} state @param {string} kind @param {string} message @param {string} [stream]
 */
export function violation(state, kind, message, stream) {
  state._over = true;
  if (state._broken.has(kind + stream)) state._id = 0;
  state._broken.add(kind + stream);
  state._fatal = { retryable: true };
  state._effects.report(kind, message, stream);
  state._effects.close(BAD_FRAME, "bad_frame");
}

/** Asks the server to end the run that was cancelled. @param {State} state @param {Stream} stream */
export function sendCancel({ _maxEvents, _effects }, { name, stop }) {
  if (_maxEvents && stop) _effects.send({ type: "cancel", stream: name, run: stop });
}

/**
 * By type of frame. `view` comes from view-frame.js, which is loaded for servers that send views.
 * @type {Record<string, import("./state.js").Dialect>}
 */
export const reactions = {
  welcome(state, frame, now) {
    const { session, caps, limits, resumed = {} } = frame;
    if (session !== state._id) forget(state);
    else {
      for (const [name, { how, seq }] of Object.entries(resumed)) {
        const stream = streamOf(state, name);
        stream.gone = how == "gone";
        if (stream.gone) {
          stream.cursor = seq;
          expire(state, stream); // RES-17
        }
      }
    }
    state._since = now;
    state._acks = caps.includes("ack");
    state._id = caps.includes("resume") && session;
    state._maxEvents = limits.max_events;
    state._maxBytes = limits.max_frame_bytes;
    for (const [event] of state._unanswered.values()) state._effects.send(event); // RES-13
    state._streams.forEach((stream) => sendCancel(state, stream)); // FLW-13
    state._effects.welcome(frame);
    flush(state);
  },

  stream(state, { stream: name, seq, n, ops }) {
    const stream = streamOf(state, name);
    const { cursor } = stream;
    if (n < ops.length) return violation(state, "malformed", "stream: n", name); // CLI-20
    let at = stream.state;
    const last = seq + n - 1;
    state._touched.add(stream);
    if (last <= cursor) return; // CLI-2
    if (seq != cursor + 1 && !(stream.gone && seq > cursor && ops[0].op == "start"))
      return violation(state, seq > cursor ? "gap" : "overlap", `${seq} after ${cursor}`, name); // CLI-3
    for (const { op } of ops) {
      const kind = kindOf(op);
      const next = kind ? WIRE[at][kind] : at;
      if (!next) return violation(state, "transition", `${op} in ${at}`, name); // CLI-3
      at = next;
    }
    stream.gone = false;
    applyAll(state, stream, ops, last, seq);
  },

  reply(state, { ref, ok, error }) {
    if (!ok && !error) return violation(state, "malformed", "reply: error");
    answer(state, ref, ok ? undefined : error);
  },

  error(state, frame) {
    if (frame.fatal) state._fatal = frame;
    state._effects.report("server", `${frame.code}: ${frame.error}`);
  },

  ping: ({ _effects }, { t }) => _effects.send({ type: "pong", t }), // CON-12

  pong() {},
};
