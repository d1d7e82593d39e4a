// The protocol alone, for other environments: a session that also knows views.

import { sessionOf as coreOf } from "./core.js";
import { send } from "./outgoing.js";
import { learn } from "./view-frame.js";

/** @typedef {import("./state.js").Stream} Stream */
/** @typedef {import("./state.js").Op} Op */
/** @typedef {import("./state.js").Effects} Effects */
/** @typedef {import("./state.js").Wishes} Wishes */
/**
 * Sends an event. Before the welcome, and if `max_events` are without a reply, it waits. `settle` is called with the
 * reply; at once, with `bad_params`, if JSON does not have the params.
 * @typedef {(event: string, params: object, settle: import("./state.js").Settle) => void} Event
 */

learn();

/** @type {(...args: Parameters<typeof coreOf>) => ReturnType<typeof coreOf> & {event: Event}} */
export function sessionOf(...args) {
  const session = coreOf(...args);
  return { ...session, event: (event, params, settle) => send(session, event, params, settle) };
}
