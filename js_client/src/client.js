// A session on a socket: timers, reconnects, and the page that shows it.

import { listen } from "./input.js";
import { load, pageOf } from "./page.js";
import { sessionOf } from "./session.js";
import { SUBPROTOCOL, WELCOME_MS } from "./vocabulary.js";

/**
 * All but `url` has a default. What the browser has may be replaced, for tests and other environments.
 * @typedef {object} Options
 * @property {string | URL} url where the server is; may be relative, http(s) becomes ws(s)
 * @property {Element} [root] the view root; the document's first `[dj-view]`, else its body
 * @property {{name: string, params?: object}} [view] the program to mount
 * @property {"v1" | "v0" | null} [protocol] v0 is for servers without numbers, such as djust
 * @property {string[]} [caps] the capabilities to offer: `["html", "view", "ack", "resume"]`
 * @property {{[limit: string]: number}} [limits] those of `hello`: max_frame_bytes, max_fps, window (64)
 * @property {import("./page.js").Sanitizer} [sanitize] sees the html of every op and view before the document does
 * @property {(report: Report) => void} [onReport] what went wrong; the console, if this is left out
 * @property {(frame: any, direction: "in" | "out") => void} [onFrame] sees every frame; undefined for a message that is none
 * @property {(state: State, wait?: number) => void} [onState] the connection's state; `wait` in ms with "waiting"
 * @property {any} [window] whose document, WebSocket, crypto, trustedTypes and timers are used: `globalThis`
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
 * `kind` is one of these, and `message` says where: `gap`, `overlap`, `transition`, `malformed` (the peer is broken,
 * and the connection was closed with 4400); `target` (refused), `missing_target`, `unknown_op`, `op` (it threw): that
 * op was not applied; `load` (the code of views did not come; the client comes back for it); `sanitizer`, `hook` (the
 * application's code threw); `patch` (v0: changes of the server's own document, which this client does not apply); `server` (an
 * `error` frame); `reply` (an event of an attribute was refused).
 * @typedef {{kind: string, message: string, stream?: string, op?: import("./session.js").Op, error?: unknown}} Report
 */
/** @typedef {(kind: string, what: unknown, stream?: string, op?: import("./session.js").Op) => void} Tell `what` is a message, or what was thrown */

/** @typedef {Error & {code: string}} EventError why an event failed: `code` is that of the reply */
/** @typedef {{state: string, run: number, cursor: number, error?: string, code?: string}} StreamInfo */
/** @typedef {ReturnType<typeof connect>} Client */

/** Connects a view root to a server. @param {Options} options */
export function connect(options) {
  /** @type {any} */
  const window = options.window || options.root?.ownerDocument.defaultView || globalThis;
  const { document } = window;
  const { WebSocket = window.WebSocket, setTimeout = window.setTimeout, clearTimeout = window.clearTimeout } = options;
  const { onFrame, onState, onReport = console.warn, random = Math.random, now = Date.now } = options;
  /** @type {Element} */
  const root = options.root || document.querySelector("[dj-view]") || document.body;
  const url = new URL(options.url, document.baseURI).href.replace(/^http/, "ws");
  /** @type {any} */
  let socket;
  /** @type {any} */
  let timer;
  /** @type {any} */
  let due;
  /** @type {Promise<void> | undefined} while the code of views is on its way */
  let held;
  /** @type {(() => unknown)[]} what arrived meanwhile, in its order */
  const waiting = [];
  /** @type {State} */
  let state = "connecting";
  /** @type {import("./v0.js").Dialect | undefined} */
  let dialect;
  let silent = 0; // for how many heartbeats
  let ended = false;

  /** What an application's callback throws is shown, and stops nothing: it may come in the middle of a frame.
   * @param {((first: any, second: any) => void) | undefined} callback @param {any} first @param {any} [second] */
  function tell(callback, first, second) {
    try {
      callback?.(first, second);
    } catch (error) {
      console.error(error);
    }
  }

  /** @type {Tell} */
  const report = (kind, what, stream, op) => tell(onReport, { kind, message: "" + what, error: what, stream, op });

  /** @param {any} frame */
  function send(frame) {
    tell(onFrame, frame, "out");
    if (socket?.readyState == 1) socket.send(JSON.stringify(frame));
  }

  /**
   * Asks the program to run a handler. Before the welcome, and beyond `max_events` unanswered ones, it waits.
   * @param {string} event @param {object} [params]
   * @returns {Promise<void>} settles with the reply; rejects with an EventError, `resume_failed` if it got lost
   */
  function push(event, params = {}) {
    return new Promise((resolve, reject) => {
      session.event(event, params, (failure) => (failure ? reject(Object.assign(new Error(failure.error), failure)) : resolve()));
      if (ended) session.end();
    });
  }

  const streams = new Map();
  const page = pageOf(root, window, options, streams, report, push);
  const session = sessionOf(
    options,
    {
      ...page,
      send,
      report,
      close: drop,

      message(frame) {
        silent = 0;
        tell(onFrame, frame, "in");
      },

      welcome({ heartbeat_ms: ms, caps }) {
        const listen = () => {
          if (silent > 1) return drop(4504); // nothing for twice that time: the connection is dead
          if (silent++) send({ type: "ping" });
          timer = setTimeout(listen, ms);
        };
        clearTimeout(timer);
        timer = setTimeout(listen, ms);
        enter("open");
        if (caps?.includes("view")) held = load()?.then(loaded, loaded);
      },
    },
    streams,
  );
  const unlisten = listen(root, window, push, report, page.fire);

  /** The code of views is here, or why it is not. @param {unknown} error */
  function loaded(error) {
    held = undefined;
    if (error) {
      report("load", error);
      drop(4504);
    }
    catchUp();
  }

  /** Some of what waits, and the rest a little later: all of it could be a long task. */
  function catchUp() {
    const begun = now();
    while (waiting[0] && now() - begun < 20) waiting.splice(0, 1)[0](); // ms: a hidden page has a timer a second
    if (waiting[0]) setTimeout(catchUp, 0);
  }

  /** @param {State} next @param {number} [wait] */
  function enter(next, wait) {
    state = next;
    tell(onState, next, wait);
  }

  function open() {
    const mine = (socket = new WebSocket(url, dialect ? [] : SUBPROTOCOL)); // CON-15
    /** Nothing overtakes what waits, and nothing counts once the connection was dropped. @param {(event: any) => void} act */
    const inTurn = (act) => (/** @type {any} */ event) => {
      const read = () => mine == socket && act(event);
      if (held || waiting[0]) waiting.push(read);
      else read();
    };
    socket.onopen = () => session.open(dialect);
    socket.onmessage = inTurn(({ data }) => {
      if (session.message(data, now()) && !due)
        due = setTimeout(() => {
          due = 0;
          session.acknowledge();
        }, 200); // FLW-6 says 250
    });
    socket.onclose = inTurn(({ code }) => closed(code));
    timer = setTimeout(() => drop(4504), WELCOME_MS); // CLI-15
    enter("connecting");
  }

  /** Ends the connection, without waiting for a peer that may be dead. @param {number} code @param {string} [reason] */
  function drop(code, reason) {
    if (!socket) return;
    socket.close(code, reason);
    closed(code);
  }

  /** @param {number} code */
  function closed(code) {
    socket = undefined;
    clearTimeout(timer);
    session.close();
    const wait = session.wait(code, random(), now());
    if (wait < 0 || ended) return end();
    timer = setTimeout(open, wait);
    enter("waiting", wait);
  }

  function end() {
    ended = true;
    clearTimeout(timer);
    session.end();
    if (state != "closed") enter("closed");
  }

  page.flush();
  if (options.protocol == "v0") {
    Promise.all([import("./v0.js"), load()]).then(([{ v0 }]) => {
      dialect = v0(options.view, window);
      if (!ended) open();
    }, loaded);
  } else open();

  return {
    /** The view root. */
    root,
    push,

    /** The state of the connection. @returns {State} */
    get state() {
      return state;
    },

    /** What is known of each stream: a snapshot without prototype. `error` and `code` are those that are shown. */
    get streams() {
      /** @type {Record<string, StreamInfo>} */
      const infos = Object.create(null);
      for (const [name, { state, run, cursor, error, code }] of streams) infos[name] = { state, run, cursor, error, code };
      return infos;
    },

    /** How many unknown members, frame types, ops and values were ignored (FWD-4). */
    counts: session.counts,

    /** Asks the server to stop the open run of a stream, if there is one. */
    cancel: session.cancel,

    /** Ends the client for good: contents stay; alerts, listeners and hooks go. */
    close() {
      if (!ended) {
        ended = true;
        drop(1000);
        end();
        unlisten();
        page.close();
      }
    },
  };
}
