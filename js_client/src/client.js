// A client: a session on a connection, and the page that shows it.

import { connectionOf } from "./connection.js";
import { pageOf } from "./page.js";
import { notify } from "./socket.js";

/**
 * All but `url` have defaults. Tests and other environments can replace what the browser provides.
 * @typedef {object} Options
 * @property {string | URL} url the server; may be relative; http and https become ws and wss
 * @property {Element} [root] the view root; by default the document's first `[dj-view]`, or its body
 * @property {{name: string, params?: object}} [view] the program to mount
 * @property {"v1" | "v0" | null} [protocol] v0 is for servers without numbers, such as djust
 * @property {string[]} [caps] the capabilities to offer; by default `["html", "view", "ack", "resume"]`
 * @property {{[limit: string]: number}} [limits] those of `hello`: max_frame_bytes, max_fps, window (64 by default)
 * @property {import("./page.js").Sanitizer} [sanitize] gets the html of every operation and view before the document
 * @property {(report: Report) => void} [onReport] gets each problem; by default `console.warn`
 * @property {(frame: any, direction: "in" | "out") => void} [onFrame] gets every frame; undefined for a message that
 *   is not JSON
 * @property {(state: State, wait?: number) => void} [onState] the connection's state; `wait` in ms with "waiting"
 * @property {any} [window] provides document, WebSocket, crypto, trustedTypes and timers; by default `globalThis`
 * @property {any} [WebSocket]
 * @property {any} [crypto]
 * @property {any} [trustedTypes]
 * @property {(call: () => void, ms: number) => any} [setTimeout]
 * @property {(timer: any) => void} [clearTimeout]
 * @property {() => number} [random] from 0 to 1
 * @property {() => number} [now] milliseconds
 */

/** @typedef {"connecting" | "open" | "waiting" | "closed"} State */

/**
 * A problem. `kind` is one of:
 * - `gap`, `overlap`, `transition`, `malformed`: the server broke the protocol; the connection was closed with 4400
 * - `target` (refused), `missing_target`, `unknown_op`, `op` (it threw): this operation was not applied
 * - `load`: code that is loaded on demand did not arrive; it is tried again, by a new connection if frames wait
 * - `sanitizer`, `hook`: the application's code threw
 * - `patch`: v0: the server sent patches, which this client does not apply
 * - `server`: the server sent an `error` frame
 * - `reply`: the event of an attribute failed
 * - `file`: a form has files, which are not sent
 * @typedef {{kind: string, message: string, stream?: string, op?: import("./state.js").Op, error?: unknown}} Report
 */
/**
 * Reports a problem. `what` is a message, or what was thrown.
 * @typedef {(kind: string, what: unknown, stream?: string, op?: import("./state.js").Op) => void} Tell
 */

/** @typedef {Error & {code: string}} EventError why an event failed: `code` is that of the reply */
/** @typedef {{state: string, run: number, cursor: number, error?: string, code?: string}} StreamInfo */
/** @typedef {ReturnType<typeof connect>} Client */

/**
 * A snapshot of each stream, in an object without prototype (CLI-18).
 * @param {Map<string, import("./state.js").Stream>} streams
 */
function snapshot(streams) {
  /** @type {Record<string, StreamInfo>} */
  const infos = Object.create(null);
  for (const [name, { state, run, cursor, error, code }] of streams)
    infos[name] = { state, run, cursor, error, code };
  return infos;
}

/** Connects a view root to a server. @param {Options} options */
export function connect(options) {
  /** @type {any} */
  const window = options.window || options.root?.ownerDocument.defaultView || globalThis;
  const { document } = window;
  const { onReport = console.warn } = options;
  /** @type {Element} */
  const root = options.root || document.querySelector("[dj-view]") || document.body;
  /** @type {Map<string, import("./state.js").Stream>} */
  const streams = new Map();

  /** @type {Tell} */
  const report = (kind, what, stream, op) => notify(onReport, { kind, message: "" + what, error: what, stream, op });

  /**
   * Asks the program to run a handler. Before the welcome, and if `max_events` are without a reply, it waits.
   * @param {string} event @param {object} [params]
   * @returns {Promise<void>} settles with the reply. Rejects with an EventError; its code is `resume_failed` if the
   *   event or its reply got lost, `bad_params` if JSON does not have the params, and `frame_too_large` if the server
   *   would refuse the event
   */
  function push(event, params = {}) {
    return new Promise((resolve, reject) => {
      page._ready((input) => input.send(connection, event, params, resolve, reject));
    });
  }

  let isClosed = false;
  const page = pageOf(root, window, options, streams, report, push);
  const connection = connectionOf(options, window, page, streams, report);
  const { _session: session } = connection;

  if (options.protocol == "v0") {
    import("./v0.js").then(({ start }) => start(connection, options.view, window)).catch(connection._failed);
  } else connection._open();

  return {
    /** The view root. */
    root,
    push,

    /** The state of the connection. @returns {State} */
    get state() {
      return connection._state;
    },

    /** The state of each stream. `error` and `code` are those that are shown. */
    get streams() {
      return snapshot(streams);
    },

    /** How many unknown members, frame types, ops and values were ignored (FWD-4). */
    counts: session.counts,

    /** Asks the server to stop the open run of a stream, if there is one. */
    cancel: session.cancel,

    /** Ends the client for good: contents stay; alerts, listeners and hooks are removed. */
    close() {
      if (isClosed) return;
      isClosed = true;
      connection._end();
      page.close();
    },
  };
}
