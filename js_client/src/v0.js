// Servers without numbers, such as djust (spec/v0): frames take effect as they come, with no arithmetic.
// Loaded when a client asks for it.

import { NAME } from "./vocabulary.js";

/** @typedef {(frame: any, now: number, session: any) => void} Dialect `session` has those of its functions that are needed */

/** @param {{name: string, params?: object} | undefined} view @param {any} window whose path is said to the server @returns {Dialect} */
export const v0 = (view, window) => (frame, now, session) => {
  const { effects, reactions, streamOf, applyAll, answer } = session;
  const { type, html, ref, ops, error } = frame;
  const failed = type == "error";
  if (type == "connect" && view) effects.send({ type: "mount", view: view.name, params: view.params || {}, url: window.location?.pathname });
  if (typeof html == "string") {
    effects.frame(undefined, () => {
      effects.view(html, {});
      return true;
    });
  }
  if (type == (view ? "mount" : "connect")) reactions.welcome({ limits: { max_events: Infinity }, heartbeat_ms: 2 ** 31 - 1 }, now);
  if (type == "stream" && NAME.test(frame.stream) && Array.isArray(ops)) {
    // with a cursor of 1: it has content of its own, which a later html must not take away
    applyAll(streamOf(frame.stream), ops.filter((/** @type {any} */ op) => op?.op), 1);
  }
  if (failed) effects.report("server", error);
  answer(ref, failed ? { code: "app_error", error } : undefined);
};
