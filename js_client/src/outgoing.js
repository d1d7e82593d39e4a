// What a page may send: JSON of which the server loses and refuses nothing.

import { enqueue } from "./events.js";
import { isObject } from "./shape.js";

const KINDS = ["Object", "Array", "String", "Boolean", "Null", "Undefined"];

/**
 * Refuses what JSON does not have, and would replace or leave out without a word.
 * @param {string} name @param {any} value @throws {Error}
 */
function checked(name, value) {
  const kind = Object.prototype.toString.call(value).slice(8, -1);
  if (kind == "Number" ? Math.abs(value) <= Number.MAX_SAFE_INTEGER : KINDS.includes(kind)) return value;
  throw new TypeError(`${name || "The params"}: JSON has no ${kind == "Number" ? value : kind}; send a text instead`);
}

/**
 * What JSON makes of an event: a copy, so that a resend sends the same. Half of a surrogate pair becomes U+FFFD, as it
 * does in a form that is submitted.
 * @param {string} event
 * @param {object} params
 * @returns {[params: object, size: number]} `size` in bytes, of the frame without its ref
 * @throws {Error} if this cannot be sent
 */
function outgoing(event, params) {
  if (typeof event != "string") throw new TypeError(`The name of an event is a text, and not ${event}`);
  const text = JSON.stringify({ type: "event", ref: 0, event, params }, checked)
    // an escaped backslash before "ud8" stays
    .replace(/\\(\\|ud[89a-f]..)/g, (found, what) => (what == "\\" ? found : "\ufffd"));
  const copy = JSON.parse(text).params;
  if (!isObject(copy)) throw new TypeError("The params of an event are an object");
  return [copy, new TextEncoder().encode(text).length - 1];
}

/**
 * Sends an event, or settles it with `bad_params` if it cannot be sent.
 * @param {Pick<ReturnType<typeof import("./core.js").sessionOf>, "_it">} session
 * @param {string} event @param {object} params @param {import("./state.js").Settle} settle
 */
export function send(session, event, params, settle) {
  let made;
  try {
    made = outgoing(event, params);
  } catch (error) {
    return settle({ code: "bad_params", error: /** @type {Error} */ (error).message });
  }
  enqueue(session._it, event, ...made, settle);
}
