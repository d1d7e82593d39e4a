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
    const stream = streamOf(frame.stream);
    const known = ops.filter((/** @type {any} */ op) => op?.op);
    // with a cursor of 1 it has content of its own, which a later html must not take away; what the
    // program has rendered itself that html has, too
    const last = known.filter((/** @type {any} */ { op }) => !/^(start|error|done)$/.test(op)).at(-1)?.op;
    applyAll(stream, known, last ? +(last != "replace") : stream.cursor);
  }
  if (frame.patches) effects.report("patch", `${type}: changes of the server's own document are not applied; the next html has them`);
  if (failed) effects.report("server", error);
  answer(ref, failed ? { code: "app_error", error } : undefined);
};
