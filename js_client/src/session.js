// The protocol without a page or a socket: text comes in, effects are called; time and chance are arguments.
// A frame is judged as a whole before any of it is handed out, so one that is broken changes nothing.

import { isKnown, kindOf } from "./shape.js";
import { AWAY, BACK, WIRE } from "./vocabulary.js";

/**
 * A stream as the client knows it. `run` is 0 while none is open; `error` and `code` are those that are shown.
 * `text` is what the run built on its default target, or undefined where it had anything else there. `gone` means
 * that a part was missed, which no frame will bring; `stop` is the open run if it was cancelled.
 * @typedef {{name: string, target: string, state: string, run: number, cursor: number,
 *   error?: string, code?: string, text?: string, gone?: boolean, stop?: number,
 *   _state?: string, _el?: Element | null, _alert?: Element | null}} Stream the last three: what the page shows
 */
/** @typedef {{op: string, target?: string, [member: string]: any}} Op */
/** @typedef {{code: string, error: string}} Failure */
/** @typedef {(failure?: Failure) => void} Settle */
/**
 * What is to be done.
 * @typedef {object} Effects
 * @property {(frame: any) => void} send
 * @property {(kind: string, message: string, stream?: string, op?: Op) => void} report
 * @property {(code: number, reason: string) => void} close closes the connection
 * @property {(frame: any) => void} welcome
 * @property {(frame: any) => void} message what arrived; undefined for a message that is no json
 * @property {(ops: Op[] | undefined, act: () => unknown) => void} frame calls `act`, which does all of a frame, or of
 *   a view, and returns whether the connection is still the same
 * @property {(html: string, listed: object) => void} view
 * @property {(stream: Stream, op: Op, run: number, seq?: number) => void} op
 * @property {(stream: Stream, run: number, sha256: string) => void} integrity the stream's text has to have that hash
 */
/**
 * @typedef {{view?: {name: string, params?: object}, caps?: string[], limits?: {[limit: string]: number}}} Wishes
 */

/** @param {Iterable<Stream>} some */
const cursorsOf = (some) => Object.fromEntries(Array.from(some, ({ name, cursor }) => [name, cursor]));

/** Why an event failed that will have no reply any more. */
const LOST = { code: "resume_failed", error: "Connection lost" };

/**
 * @param {Wishes} wishes
 * @param {Effects} effects
 * @param {Map<string, Stream>} [streams] by name; a Map has no prototype to reach (CLI-18)
 */
export function sessionOf({ view, caps = ["html", "view", "ack", "resume"], limits = {} }, effects, streams = new Map()) {
  const granted = { window: 64, ...limits };
  const counts = { member: 0, frame: 0, op: 0, value: 0 };
  /** @type {Map<number, [object, Settle]>} the events without a reply, by ref */
  const unanswered = new Map();
  /** @type {[{ref: number, [member: string]: any}, Settle][]} the events that were not sent yet */
  const queue = [];
  /** @type {Set<Stream>} those that had frames since the last acknowledgement */
  const fresh = new Set();
  /** @type {Set<string>} what this session's peer broke */
  const broken = new Set();
  let owed = 0; // frames that are not acknowledged
  let acks = false; // whether they are to be
  /** @type {unknown} the session to take up again */
  let id;
  let welcomed = false;
  let over = false; // nothing of this connection counts any more
  let lastRef = 0;
  let lastVersion = 0;
  let maxEvents = 0;
  let attempt = 0;
  let resumes = 0;
  let since = 0;
  /** @type {any} the verdict on coming back */
  let fatal;
  /** @type {import("./v0.js").Dialect | undefined} what understands the server's frames, where they are not v1 */
  let dialect;

  /** @param {string} name */
  function streamOf(name) {
    let stream = streams.get(name);
    if (!stream) streams.set(name, (stream = { name, target: `[dj-stream='${name}']`, state: "idle", run: 0, cursor: 0 }));
    return stream;
  }

  /** The peer is broken, and is told so; a client that ends a connection for that comes back (CLI-3, CLI-25):
   * to its session, unless that broke in this way before (RES-19).
   * @param {string} kind @param {string} message @param {string} [stream] */
  function violation(kind, message, stream) {
    over = true;
    if (broken.has(kind + stream)) id = 0;
    broken.add(kind + stream);
    fatal = { retryable: true };
    effects.report(kind, message, stream);
    effects.close(4400, "bad_frame");
  }

  /** Sends the events that may go: a client never has more than `max_events` unanswered. */
  function flush() {
    while (welcomed && queue[0] && unanswered.size < maxEvents) {
      const [[frame, settle]] = queue.splice(0, 1);
      unanswered.set(frame.ref, [frame, settle]);
      effects.send(frame);
    }
  }

  /** @param {number} ref @param {Failure} [failure] */
  function answer(ref, failure) {
    const [, settle] = unanswered.get(ref) || [];
    unanswered.delete(ref);
    settle?.(failure);
    flush();
  }

  /** Lets a stream pass through one operation that is known to be next. @param {Stream} stream @param {Op} op @param {string} kind @param {number} [seq] */
  function step(stream, op, kind, seq) {
    const { run, text } = stream;
    const { error, code } = kind == "error" ? op : /** @type {Partial<Op>} */ ({});
    stream.state = WIRE[stream.state][kind] || (kind == "start" ? "open" : stream.state); // only v0 leaves the table: it opens with a start
    if (kind == "done") stream.run = stream.stop = 0; // an error that is shown stays until the next start
    else Object.assign(stream, { error, code });
    if (kind == "start") Object.assign(stream, { run: op.run || 0, text: "" });
    if (kind == "content" && op.target == stream.target && text != undefined) {
      // a rope: joining costs nothing before it is read
      stream.text = op.op != "text" ? undefined : op.mode == "prepend" ? op.text + text : op.mode == "replace" ? op.text : text + op.text;
    }
    effects.op(stream, op, stream.run || run, seq);
    if (op.text_sha256 && text != undefined) effects.integrity(stream, run, op.text_sha256);
  }

  /** The client ends a run itself. @param {Stream} stream */
  function expire(stream) {
    if (stream.state != "idle") step(stream, { op: "done", reason: "expired" }, "done");
  }

  /** The session is over, and with it what is open: contents stay, cursors and the view's version do not (RES-14). */
  function forget() {
    id = lastVersion = 0;
    broken.clear();
    for (const stream of streams.values()) {
      stream.gone = false;
      stream.cursor = 0;
      expire(stream);
    }
    for (const ref of unanswered.keys()) answer(ref, LOST);
  }

  /** Says the last number of each stream that had frames (FLW-5, FLW-6). */
  function acknowledge() {
    if (owed) effects.send({ type: "ack", cursors: cursorsOf(fresh), view: lastVersion || undefined });
    owed = 0;
    fresh.clear();
  }

  /** @param {Stream} stream */
  function stop({ name, stop }) {
    if (welcomed && stop) effects.send({ type: "cancel", stream: name, run: stop });
  }

  /** @param {Stream} stream @param {Op[]} ops @param {number} last the cursor after them (CLI-19) @param {number} [seq] the number of the first */
  function applyAll(stream, ops, last, seq) {
    effects.frame(ops, () => {
      for (const op of ops) {
        const kind = kindOf(op.op);
        if (kind) step(stream, op, kind, seq);
        else {
          counts.op++; // FWD-4
          effects.report("unknown_op", op.op, stream.name, op);
        }
        if (over) return;
      }
      stream.cursor = last;
      return true;
    });
  }

  /** What a frame of each type does. @type {Record<string, (frame: any, now: number) => void>} */
  const reactions = {
    welcome(frame, now) {
      const { session, caps = [], limits, resumed = {} } = frame;
      if (session !== id) forget();
      else {
        for (const [name, { how, seq }] of Object.entries(resumed)) {
          const stream = streamOf(name);
          stream.gone = how == "gone";
          if (stream.gone) {
            stream.cursor = seq;
            expire(stream); // RES-17
          }
        }
      }
      welcomed = true;
      since = now;
      acks = caps.includes("ack");
      id = caps.includes("resume") && session;
      maxEvents = limits.max_events;
      for (const [event] of unanswered.values()) effects.send(event); // RES-13
      streams.forEach(stop); // FLW-13
      effects.welcome(frame);
      flush();
    },

    stream({ stream: name, seq, n, ops }) {
      const stream = streamOf(name);
      const { cursor } = stream;
      let { state } = stream;
      const last = seq + n - 1;
      fresh.add(stream);
      if (last <= cursor) return; // CLI-2
      if (seq != cursor + 1 && !(stream.gone && seq > cursor && ops[0].op == "start")) return violation(seq > cursor ? "gap" : "overlap", `${seq} after ${cursor}`, name); // CLI-3
      for (const { op } of ops) {
        const kind = kindOf(op);
        const next = kind ? WIRE[state][kind] : state;
        if (!next) return violation("transition", `${op} in ${state}`, name); // CLI-3
        state = next;
      }
      stream.gone = false;
      applyAll(stream, ops, last, seq);
    },

    view({ html, version, streams: listed }) {
      if (version <= lastVersion) return; // CLI-22
      lastVersion = version;
      effects.frame(undefined, () => {
        effects.view(html, listed);
        const entries = Object.entries(listed);
        for (const [name, { seq, state = "idle", run: open, error, code }] of entries) {
          const stream = streamOf(name);
          const { run: mine, error: shown } = stream;
          const run = state == "idle" ? 0 : open;
          const other = run != mine;
          if (other || seq != stream.cursor) stream.text = undefined;
          if (other) expire(stream); // CLI-24
          Object.assign(stream, { state, run, error, code, gone: false }); // CLI-21
          if (other && run) effects.op(stream, { op: "start", run }, run);
          if (error != undefined && (error != shown || (other && run))) effects.op(stream, { op: "error", error, code }, run);
        }
        if (!over) for (const [name, { seq }] of entries) streamOf(name).cursor = seq;
        return !over;
      });
    },

    reply({ ref, ok, error }) {
      if (!ok && !error) return violation("malformed", "reply: error");
      answer(ref, ok ? undefined : error);
    },

    error(frame) {
      if (frame.fatal) fatal = frame;
      effects.report("server", `${frame.code}: ${frame.error}`);
    },

    ping: ({ t }) => effects.send({ type: "pong", t }), // CON-12

    pong() {},
  };

  const functions = { streams, effects, reactions, streamOf, applyAll, answer };

  return {
    streams,
    /** How many unknown members, frame types, ops and values were ignored (FWD-4). @type {import("./shape.js").Counts} */
    counts,

    /** The connection is open. @param {import("./v0.js").Dialect} [other] what understands the server's frames, where they are not v1 */
    open(other) {
      dialect = other;
      over = false;
      fatal = undefined;
      if (!dialect) {
        const resume = id ? { session: id, cursors: cursorsOf(streams.values()), view: lastVersion || undefined, attempt: ++resumes } : undefined; // RES-15, RES-21
        effects.send({ type: "hello", caps, limits: granted, view: view && { params: {}, ...view }, resume }); // CON-16
      }
    },

    /**
     * A message arrived. A stream's cursor moves after the effects of its frame (CLI-19).
     * @param {any} text what the socket gave; anything but a string breaks the protocol
     * @param {number} [now] milliseconds of any clock
     * @returns {number | void} how many frames wait to be acknowledged
     */
    message(text, now = 0) {
      if (over) return;
      let frame, react;
      try {
        frame = JSON.parse(text);
      } catch {}
      effects.message(frame);
      try {
        if (typeof frame.type != "string") throw "type";
        react = dialect || (isKnown(frame, counts) && reactions[frame.type]);
      } catch (what) {
        return violation("malformed", `${frame?.type}: ${what}`, frame?.stream); // CLI-20
      }
      if (react) react(frame, now, functions);
      else counts.frame++; // FWD-4
      if (acks && !over && /^(stream|view)$/.test(frame.type) && ++owed >= (granted.window >> 1 || 1)) acknowledge();
      return owed;
    },

    acknowledge,

    /**
     * Asks for an event. Before the welcome, and beyond `max_events` unanswered ones, it waits.
     * @param {string} event @param {object} params @param {Settle} settle is called with the reply
     */
    event(event, params, settle) {
      // a copy: what is no JSON throws now, and not when it is said again, and then the same is said
      queue.push([{ type: "event", ref: ++lastRef, event, params: JSON.parse(JSON.stringify(params)) }, settle]); // EVT-9
      flush();
    },

    /** Asks for the end of a stream's open run, if there is one; again after a resume, if it goes on. @param {string} name */
    cancel(name) {
      const stream = streams.get(name);
      if (stream) {
        stream.stop = stream.run;
        stop(stream);
      }
    },

    /** The connection is gone, and with it the session, if it cannot be resumed. */
    close() {
      over = true;
      welcomed = false;
      owed = 0;
      fresh.clear();
      if (!id) forget();
    },

    /**
     * Whether, and when, to come back: the frame's verdict first, then the close code's (CLI-16, CLI-25).
     * @param {number} code of the close @param {number} random from 0 to 1 @param {number} now milliseconds
     * @returns {number} milliseconds to wait, or -1 for never
     */
    wait(code, random, now) {
      const { code: name, retryable = !AWAY.test(name) && BACK.test("" + code), retry_after_ms: least = 0 } = fatal || {};
      if (!retryable) return -1;
      if (since && now - since > 30000) attempt = 0; // it was well for a while
      since = 0;
      return least + random * Math.min(30000, 1000 * 2 ** attempt++);
    },

    /** No connection will come any more. */
    end() {
      forget();
      for (const [, settle] of queue.splice(0)) settle(LOST);
    },
  };
}
