// Two ends and a fake link: a server whose frames the test writes, and a client on a jsdom page.

import { JSDOM } from "jsdom";
import { connect } from "../src/index.js";

export const LIMITS = { max_frame_bytes: 1048576, max_streams: 256, max_text_bytes: 8192, max_fps: 60, max_events: 32, cancel_ms: 2000 };
export const WELCOME = { type: "welcome", session: "2bq0v5c1Yx8mNq3Rr6uT9w", caps: ["html", "view"], limits: LIMITS, heartbeat_ms: 25000 };

/** The default target of a stream. */
export const at = (name) => `[dj-stream='${name}']`;
export const start = (name, run = 1) => ({ op: "start", target: at(name), run });
export const text = (name, text, mode = "append") => ({ op: "text", target: at(name), text, mode });
export const html = (name, op, html) => ({ op, target: at(name), html });
export const error = (name, error = "The model is busy", code = "upstream_error") => ({ op: "error", target: at(name), error, code });
export const done = (name, reason = "complete", more = {}) => ({ op: "done", target: at(name), reason, ...more });
export const frame = (stream, seq, ...ops) => ({ type: "stream", stream, seq, n: ops.length, ops });
export const view = (html, version, streams = {}) => ({ type: "view", html, version, streams });

/** A clock that the test moves. */
class Clock {
  time = 0;
  timers = new Map();
  next = 1;
  set = (call, ms) => (this.timers.set(this.next, { call, at: this.time + ms }), this.next++);
  clear = (timer) => void this.timers.delete(timer);
  pass(ms) {
    const end = this.time + ms;
    for (;;) {
      const due = [...this.timers].filter(([, { at }]) => at <= end).sort((a, b) => a[1].at - b[1].at)[0];
      if (!due) break;
      this.timers.delete(due[0]);
      this.time = Math.max(this.time, due[1].at);
      due[1].call();
    }
    this.time = end;
  }
}

/**
 * A client in its own document.
 * @returns what a test needs: `say(frame…)` sends frames of the server, `heard` has the frames of the client,
 *   `sockets` all connections, `fired` the events; also `reports` and `clock`
 */
export function given(content = `<p dj-stream="answer"></p>`, { page = "", welcome = WELCOME, before = () => {}, ...options } = {}) {
  const { window } = new JSDOM(`<body><main>${content}</main>${page}</body>`, { url: "http://page.test/chat/" });
  const { document } = window;
  const root = document.querySelector("main");
  const clock = new Clock();
  const sockets = [];
  const reports = [];
  const fired = [];
  const states = [];
  class FakeSocket {
    readyState = 0;
    heard = [];
    closed = null;
    constructor(url, protocols) {
      Object.assign(this, { url, protocols });
      sockets.push(this);
    }
    send(text) {
      this.heard.push(JSON.parse(text));
    }
    close(code, reason) {
      this.closed ??= { code, reason };
      this.readyState = 3;
    }
    open() {
      this.readyState = 1;
      this.onopen?.();
    }
    say(...frames) {
      for (const frame of frames) this.onmessage?.({ data: typeof frame == "object" ? JSON.stringify(frame) : frame });
    }
    lose(code = 1006) {
      this.readyState = 3;
      this.onclose?.({ code });
    }
  }
  before(window);
  for (const name of ["start", "text", "update", "remove", "prune", "error", "done", "integrity"])
    document.addEventListener(`stream:${name}`, ({ type, target, detail }) => {
      fired.push({ type: type.slice(7), target, cursor: client.streams[detail.stream]?.cursor, ...detail });
    });
  const client = connect({
    url: "/live", root, window, WebSocket: FakeSocket, setTimeout: clock.set, clearTimeout: clock.clear,
    now: () => clock.time, random: () => 0.5, crypto: globalThis.crypto,
    onReport: (report) => reports.push(report), onState: (...state) => states.push(state), ...options,
  });
  const given = {
    client, window, document, root, clock, sockets, reports, fired, states,
    get socket() {
      return sockets.at(-1);
    },
    get heard() {
      return given.socket.heard;
    },
    say: (...frames) => given.socket.say(...frames),
    el: (name) => root.querySelector(at(name)),
    names: () => fired.map(({ type }) => type),
    kinds: () => reports.map(({ kind }) => kind),
    /** Opens the connection and sends the welcome. */
    open(frame = welcome) {
      given.socket.open();
      if (frame) given.say(frame);
      return given;
    },
  };
  return given;
}

/** The same, after the welcome. */
export const welcomed = (...args) => given(...args).open();

/** Waits until a condition holds; without one, until promises that can settle have settled. */
export async function settled(holds = () => true) {
  const end = Date.now() + 30_000;
  do await new Promise((resolve) => setTimeout(resolve, 10));
  while (!holds() && Date.now() < end);
}
