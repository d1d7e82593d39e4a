// The state of a session: one object that every part of the core reads and writes.
// Nothing outside the core sees it. A minifier may shorten the names that begin with `_`.

import { targetOf } from "./vocabulary.js";

/**
 * A stream as the client knows it.
 * @typedef {object} Stream
 * @property {string} name
 * @property {string} target the default target
 * @property {string} state `idle`, `open` or `errored`
 * @property {number} run the open run, or 0
 * @property {number} cursor the number of the last operation that was applied
 * @property {string} [error] the message of the error that is shown
 * @property {string} [code] the code of the error that is shown
 * @property {string} [text] the text of the run, or undefined if its default target contains anything else
 * @property {boolean} [gone] the server cannot resend the operations that are missing
 * @property {number} [stop] the open run, if it was cancelled
 * @property {string} [_state] the state that the page shows
 * @property {Element | null} [_el] the element that shows the state
 * @property {Element | null} [_alert] the element that shows the error
 * @property {boolean} [_streamed] v0: the element has streamed content that the server's html does not have
 */
/** @typedef {{op: string, target?: string, [member: string]: any}} Op */
/** @typedef {{code: string, error: string}} Failure */
/** @typedef {(failure?: Failure) => void} Settle */
/**
 * What the session asks its caller to do.
 * @typedef {object} Effects
 * @property {(frame: any) => void} send
 * @property {(kind: string, message: string, stream?: string, op?: Op) => void} report
 * @property {(code: number, reason: string) => void} close closes the connection
 * @property {(frame: any) => void} welcome
 * @property {(frame: any) => void} message a message arrived; `frame` is undefined if the message is not JSON
 * @property {(ops: Op[] | undefined, act: () => unknown) => void} frame calls `act`, which applies a whole frame. `ops`
 *   is undefined for a view. `act` returns true if the connection is still the same afterwards
 * @property {(html: string, listed: object) => void} view shows a view that lists these streams
 * @property {(stream: Stream, op: Op, run: number, seq?: number) => void} op
 * @property {(stream: Stream, run: number, sha256: string) => void} integrity compares the stream's text with the hash
 */
/**
 * What `hello` asks for. `view` is the program to mount.
 * @typedef {{view?: {name: string, params?: object}, caps?: string[], limits?: {[limit: string]: number}}} Wishes
 */
/**
 * @typedef {(state: State, frame: any, now: number) => void} Dialect applies a frame of a server that does not speak v1
 */
/**
 * What a session remembers.
 * @typedef {object} State
 * @property {Effects} _effects
 * @property {Map<string, Stream>} _streams by name; a Map has no prototype to reach (CLI-18)
 * @property {import("./shape.js").Counts} _counts unknown things that were ignored (FWD-4)
 * @property {Map<number, [object, Settle]>} _unanswered the events that were sent and have no reply yet, by ref
 * @property {[{ref: number, [member: string]: any}, Settle, number][]} _queue the events that were not sent yet,
 *   with their sizes in bytes
 * @property {Set<Stream>} _touched the streams that had frames since the last acknowledgement
 * @property {Set<string>} _broken the violations of this session, by kind and stream (RES-19)
 * @property {number} _ref of the last event
 * @property {number} _resumes how many resumes were requested (RES-21)
 * @property {number} _attempt how many attempts to connect failed in a row
 * @property {number} _owed how many frames are not acknowledged
 * @property {number} _maxEvents how many events may be without a reply; none before the welcome
 * @property {number} _soonest when a reconnect is allowed, in milliseconds: a fatal error may ask for a pause
 * @property {number} _maxBytes how large an event may be
 * @property {boolean} [_acks] whether the server wants acknowledgements
 * @property {unknown} [_id] of the session to resume
 * @property {number} _version of the last view
 * @property {number} [_since] when the last welcome arrived, in milliseconds; none after the connection was lost
 * @property {any} [_fatal] the fatal `error` frame: the server's verdict on reconnecting
 * @property {boolean} [_over] what arrives on this connection is ignored
 * @property {Dialect} [_dialect]
 */

/** @param {Effects} effects @param {Map<string, Stream>} streams @returns {State} */
export const newState = (effects, streams) => ({
  _effects: effects,
  _streams: streams,
  _counts: { member: 0, frame: 0, op: 0, value: 0 },
  _unanswered: new Map(),
  _queue: [],
  _touched: new Set(),
  _broken: new Set(),
  _ref: 0,
  _resumes: 0,
  _attempt: 0,
  _owed: 0,
  _maxEvents: 0,
  _soonest: 0,
  _maxBytes: 0,
  _version: 0,
});

/**
 * The stream of that name, which is created if it is new.
 * @param {State} state @param {string} name
 * @returns {Stream}
 */
export function streamOf({ _streams }, name) {
  let stream = _streams.get(name);
  if (!stream) _streams.set(name, (stream = { name, target: targetOf(name), state: "idle", run: 0, cursor: 0 }));
  return stream;
}

/** The cursors of streams, by name. @param {Iterable<Stream>} streams */
export const cursorsOf = (streams) => Object.fromEntries(Array.from(streams, ({ name, cursor }) => [name, cursor]));
