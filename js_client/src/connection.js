// A session on one WebSocket after another: welcome, heartbeat, acknowledgements, reconnects.

import { sessionOf } from "./core.js";
import { orderOf } from "./order.js";
import { load } from "./page.js";
import { SUBPROTOCOL, TIMEOUT, WELCOME_MS } from "./vocabulary.js";

/** @typedef {import("./client.js").State} State */

/**
 * Calls a callback of the application. What it throws is logged and stops nothing: a frame may be half applied.
 * @param {((first: any, second: any) => void) | undefined} callback @param {any} first @param {any} [second]
 */
export function notify(callback, first, second) {
  try {
    callback?.(first, second);
  } catch (error) {
    console.error(error);
  }
}

/** A heartbeat: pings a server that was silent for `ms`, and gives up after twice that time. @param {any} connection @param {number} ms */
function beat(connection, ms) {
  if (connection._silent > 1) return connection.close(TIMEOUT);
  if (connection._silent++) connection.send({ type: "ping" });
  connection._after(() => beat(connection, ms), ms);
}

/**
 * @param {import("./client.js").Options} options
 * @param {any} window
 * @param {any} page the effects that show what arrives
 * @param {Map<string, import("./state.js").Stream>} streams
 * @param {import("./client.js").Tell} report
 */
export function connectionOf(options, window, page, streams, report) {
  const { onFrame, onState, random = Math.random, now = Date.now, WebSocket = window.WebSocket } = options;
  const { setTimeout = window.setTimeout, clearTimeout = window.clearTimeout } = options;
  const url = new URL(options.url, window.document.baseURI).href.replace(/^http/, "ws");
  const order = orderOf(now, setTimeout);
  const session = sessionOf(options, { ...page, report, send, close, message, welcome }, streams);
  const connection = {
    session,
    failed,
    start,
    end,
    send,
    close,
    _after: after,
    _silent: 0, // for how many heartbeats nothing arrived
    _ended: false,
    _state: /** @type {State} */ ("connecting"),
  };
  /** @type {any} */
  let socket;
  /** @type {any} */
  let timer;
  /** @type {any} */
  let ackTimer;
  /** @type {import("./state.js").Dialect | undefined} */
  let dialect;

  /** The timer for the welcome, the heartbeat or the next attempt. @param {() => void} call @param {number} ms */
  function after(call, ms) {
    clearTimeout(timer);
    timer = setTimeout(call, ms);
  }

  /** @param {any} frame */
  function send(frame) {
    notify(onFrame, frame, "out");
    if (socket?.readyState == 1) socket.send(JSON.stringify(frame));
  }

  /** @param {any} frame */
  function message(frame) {
    connection._silent = 0;
    notify(onFrame, frame, "in");
  }

  /** @param {any} frame */
  function welcome({ heartbeat_ms: ms, caps }) {
    after(() => beat(connection, ms), ms);
    enter("open");
    if (caps?.includes("view")) order._wait(load(), failed);
  }

  /** The code of views could not be loaded. @param {unknown} error */
  function failed(error) {
    report("load", error);
    close(TIMEOUT);
  }

  function open() {
    const mine = (socket = new WebSocket(url, dialect ? [] : SUBPROTOCOL)); // CON-15
    /** A socket that was closed has no effect any more. @param {(event: any) => void} act */
    const inOrder = (act) => (/** @type {any} */ event) => order._add(() => mine == socket && act(event));
    socket.onopen = () => session.open(dialect);
    socket.onclose = inOrder(closed);
    socket.onmessage = inOrder(({ data }) => {
      if (session.message(data, now()) && !ackTimer)
        ackTimer = setTimeout(() => {
          ackTimer = 0;
          session.acknowledge();
        }, 200); // FLW-6 allows 250 ms
    });
    after(() => close(TIMEOUT), WELCOME_MS); // CLI-15
    enter("connecting");
  }

  /** Closes without waiting for the peer. @param {number} code @param {string} [reason] */
  function close(code, reason) {
    if (socket) {
      socket.close(code, reason);
      closed({ code });
    }
  }

  /** @param {{code: number}} event */
  function closed({ code }) {
    socket = undefined;
    session.close();
    const wait = session.wait(code, random(), now());
    if (wait < 0 || connection._ended) return end();
    after(open, wait);
    enter("waiting", wait);
  }

  /** @param {State} state @param {number} [wait] */
  function enter(state, wait) {
    if (connection._state != "closed") notify(onState, (connection._state = state), wait);
  }

  /** @param {import("./state.js").Dialect} [other] for a server that does not speak v1 */
  function start(other) {
    dialect = other;
    if (!connection._ended) open();
  }

  function end() {
    connection._ended = true;
    close(1000);
    clearTimeout(timer);
    session.end();
    enter("closed");
  }

  return connection;
}
