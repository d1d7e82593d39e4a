// A session on its sockets: welcome, heartbeat, acknowledgements, reconnects.

import { sessionOf } from "./core.js";
import { notify, socketOf } from "./socket.js";
import { SUBPROTOCOL, TIMEOUT, WELCOME_MS } from "./vocabulary.js";

/** @typedef {import("./client.js").State} State */
/** @typedef {import("./state.js").Dialect} Dialect */
/**
 * `_failed` is called if code that is loaded on demand did not arrive. `_end` closes for good.
 * @typedef {{_session: ReturnType<typeof sessionOf>, _open: () => void, _failed: (error: unknown) => void,
 *   _end: () => void, _ended: boolean, _state: State, _dialect?: Dialect}} Connection
 */

const STARTED = "connecting";
const ACK_MS = 200; // the client's own choice; FLW-6 allows 250 ms

/** Acknowledges what arrives now and a little later. @param {() => void} act @param {any} setTimeout */
function soonOnce(act, setTimeout) {
  /** @type {any} */
  let timer;
  return () => {
    timer ||= setTimeout(() => {
      timer = 0;
      act();
    }, ACK_MS);
  };
}

/**
 * @param {import("./client.js").Options} options
 * @param {any} window
 * @param {any} page the effects that show what arrives
 * @param {Map<string, import("./state.js").Stream>} streams
 * @param {import("./client.js").Tell} report
 */
export function connectionOf(options, window, page, streams, report) {
  const { onFrame, onState, random = Math.random, now = Date.now, setTimeout = window.setTimeout } = options;
  const socket = socketOf(options, window);
  const session = sessionOf(options, { ...page, ...socket, report, close, message, welcome }, streams);
  /** @type {Connection} */
  const connection = { _session: session, _open: open, _failed: failed, _end: end, _ended: false, _state: STARTED };
  const acknowledge = soonOnce(session.acknowledge, setTimeout);
  let silent = 0; // for how many heartbeats nothing arrived

  /** @param {any} frame */
  function message(frame) {
    silent = 0;
    notify(onFrame, frame, "in");
  }

  /** @param {any} frame */
  function welcome({ heartbeat_ms: ms, caps }) {
    const beat = () => {
      if (silent > 1) return close(TIMEOUT); // nothing arrived for twice that time
      if (silent++) socket.send({ type: "ping" });
      socket._after(beat, ms);
    };
    socket._after(beat, ms);
    enter("open");
    socket._await(page._load(caps.includes("view")), failed);
  }

  /** The code of views could not be loaded. @param {unknown} error */
  function failed(error) {
    report("load", error);
    close(TIMEOUT);
  }

  /** @param {{data: any}} event */
  function arrived({ data }) {
    if (session.message(data, now())) acknowledge();
  }

  function open() {
    const { _dialect } = connection;
    socket._open(_dialect ? [] : SUBPROTOCOL, () => session.open(_dialect), arrived, closed); // CON-15
    socket._after(() => close(TIMEOUT), WELCOME_MS); // CLI-15
    enter(STARTED);
  }

  /** @param {number} code @param {string} [reason] */
  function close(code, reason) {
    if (socket._close(code, reason)) closed({ code });
  }

  /** @param {{code: number}} event */
  function closed({ code }) {
    session.close();
    const wait = session.wait(code, random(), now());
    if (wait < 0 || connection._ended) return end();
    socket._after(open, wait);
    enter("waiting", wait);
  }

  /** @param {State} state @param {number} [wait] */
  function enter(state, wait) {
    if (connection._state == "closed") return;
    connection._state = state;
    page._state(state, () => socket._after(open, session._hurry(random(), now()))); // the next attempt, at once
    notify(onState, state, wait);
  }

  function end() {
    connection._ended = true;
    close(1000);
    socket._after();
    session.end();
    enter("closed");
  }

  return connection;
}
