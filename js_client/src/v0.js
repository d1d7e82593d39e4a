// Servers without numbers, such as djust (spec/v0): each frame is applied when it arrives.
// This module is loaded when a client asks for it.

import { answer } from "./events.js";
import { reactions } from "./frames.js";
import { applyAll } from "./lifecycle.js";
import { load } from "./page.js";
import { streamOf } from "./state.js";
import { LIFECYCLE, NAME } from "./vocabulary.js";

/** @typedef {import("./state.js").State} State */

/** Applies a frame of operations. @param {State} state @param {any} frame */
function applyOps(state, { stream: name, ops }) {
  const stream = streamOf(state, name);
  const known = ops.filter((/** @type {any} */ op) => op?.op);
  applyAll(state, stream, known, stream.cursor);
  // `replace` shows what the program rendered, which the server's next html contains too; other content is only here
  const last = known.findLast((/** @type {any} */ { op }) => !LIFECYCLE.includes(op));
  if (last) stream._streamed = last.op != "replace";
}

/**
 * Loads the code of views, and connects.
 * @param {import("./connection.js").Connection} connection
 * @param {{name: string, params?: object}} [view]
 * @param {any} [window] its path is sent to the server
 */
export async function start(connection, view, window) {
  await load();
  connection._dialect = dialectOf(view, window);
  if (!connection._ended) connection._open();
}

/** @type {(view: {name: string, params?: object} | undefined, window: any) => import("./state.js").Dialect} */
const dialectOf = (view, window) => (state, frame, now) => {
  const { _effects: effects } = state;
  const { type, html, ref, ops, error } = frame;
  const failed = type == "error";
  if (type == "connect") for (const stream of state._streams.values()) stream._streamed = false;
  if (type == "connect" && view) {
    effects.send({ type: "mount", view: view.name, params: view.params || {}, url: window.location?.pathname });
  }
  if (typeof html == "string") {
    effects.frame(undefined, () => {
      effects.view(html, {});
      return true;
    });
  }
  if (type == (view ? "mount" : "connect"))
    reactions.welcome(state, { caps: [], limits: { max_events: Infinity }, heartbeat_ms: 2 ** 31 - 1 }, now);
  if (type == "stream" && NAME.test(frame.stream) && Array.isArray(ops)) applyOps(state, frame);
  if (frame.patches)
    effects.report("patch", `${type}: this client does not apply patches; the next html contains the changes`);
  if (failed) effects.report("server", error);
  answer(state, ref, failed ? { code: "app_error", error } : undefined);
};
