// What operations do to the state of a stream.

import { answer, LOST } from "./events.js";
import { kindOf } from "./shape.js";
import { WIRE } from "./vocabulary.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./state.js").Stream} Stream */
/** @typedef {import("./state.js").Op} Op */

/** The text of a run after an operation; undefined if it is not only text. @param {string} text @param {Op} op */
function textAfter(text, op) {
  if (op.op != "text") return;
  // appending costs nothing until the string is read
  return op.mode == "replace" ? op.text : op.mode == "prepend" ? op.text + text : text + op.text;
}

/**
 * Applies the next operation of a stream.
 * @param {State} state @param {Stream} stream @param {Op} op @param {string} kind @param {number} [seq]
 */
function step({ _effects }, stream, op, kind, seq) {
  const { run, text } = stream;
  const { error, code } = kind == "error" ? op : /** @type {Partial<Op>} */ ({});
  // only v0 sends operations that the table does not have; there a `start` opens the stream from any state
  stream.state = WIRE[stream.state][kind] || (kind == "start" ? "open" : stream.state);
  if (kind == "done")
    stream.run = stream.stop = 0; // an error stays until the next start
  else Object.assign(stream, { error, code });
  if (kind == "start") Object.assign(stream, { run: op.run || 0, text: "" });
  if (kind == "content" && op.target == stream.target && text != undefined) stream.text = textAfter(text, op);
  _effects.op(stream, op, stream.run || run, seq);
  if (op.text_sha256 && text != undefined) _effects.integrity(stream, run, op.text_sha256);
}

/** Ends the open run of a stream without a `done` of the server. @param {State} state @param {Stream} stream */
export function expire(state, stream) {
  if (stream.state != "idle") step(state, stream, { op: "done", reason: "expired" }, "done");
}

/**
 * Ends the session: contents stay, but open runs, cursors and the view's version do not (RES-14).
 * @param {State} state
 */
export function forget(state) {
  state._id = state._version = 0;
  state._broken.clear();
  for (const stream of state._streams.values()) {
    stream.gone = false;
    stream.cursor = 0;
    expire(state, stream);
  }
  for (const ref of state._unanswered.keys()) answer(state, ref, LOST);
}

/**
 * Applies all operations of a frame. The cursor moves after them (CLI-19).
 * @param {State} state @param {Stream} stream @param {Op[]} ops
 * @param {number} last the number of the last operation @param {number} [seq] the number of the first
 */
export function applyAll(state, stream, ops, last, seq) {
  state._effects.frame(ops, () => {
    for (const op of ops) {
      const kind = kindOf(op.op);
      if (kind) step(state, stream, op, kind, seq);
      else {
        state._counts.op++; // FWD-4
        state._effects.report("unknown_op", op.op, stream.name, op);
      }
      if (state._over) return;
    }
    stream.cursor = last;
    return true;
  });
}
