// Checks the shape of what arrives: a missing or mistyped member breaks the protocol (CLI-20),
// an unknown member is counted (FWD-4). The shapes are data, in vocabulary.js.

import { FRAMES, LIFECYCLE, NAME, OPS, RESUMED } from "./vocabulary.js";

/** @typedef {{member: number, frame: number, op: number, value: number}} Counts unknown things, by what they are */
/** @typedef {import("./vocabulary.js").Shape} Shape */

/** @param {any} value */
export const isObject = (value) => value && typeof value == "object" && !Array.isArray(value);

/**
 * The own member of that name. Names come from the wire and must not reach a prototype (CLI-18).
 * @type {<T>(all: Record<string, T>, name: string) => T | undefined}
 */
const own = (all, name) => (Object.hasOwn(all, name) ? all[name] : undefined);

/** The types of vocabulary.js. @type {Record<string, (value: any, counts: Counts, shape?: Shape) => unknown>} */
const types = {
  s: (value) => typeof value == "string",
  b: (value) => typeof value == "boolean",
  n: (value) => Number.isSafeInteger(value) && value >= 0,
  p: (value, counts) => types.n(value, counts) && value > 0,
  N: (value, counts) => types.s(value, counts) && NAME.test(value),
  a: Array.isArray,
  l: (limits, counts) => isObject(limits) && types.p(limits.max_events, counts), // the other limits apply to the server
  o: (ops, counts) =>
    Array.isArray(ops) &&
    ops[0] &&
    ops.every((op) => {
      const shape = own(OPS, op?.op);
      // of an unknown op, no member counts
      return shape ? check({ op: "s", ...shape }, op, counts) : types.s(op?.op, counts);
    }),
  m: isObject, // its entries are checked by view-frame.js
  r: (map, counts) =>
    isObject(map) && Object.entries(map).every(([name, entry]) => NAME.test(name) && check(RESUMED, entry, counts)),
};

/**
 * Checks the members of an object. Removes unknown values of enumerations, so that the operation has the effect that
 * it has without them.
 * @param {Shape} shape
 * @param {any} value
 * @param {Counts} counts grows by what is unknown
 * @returns {boolean} true
 * @throws {string} the first member that is missing or mistyped
 */
export function check(shape, value, counts) {
  if (!isObject(value)) throw "no object";
  let unknown = Object.keys(value).length;
  for (const key in shape) {
    const type = shape[key];
    const member = key.replace("?", "");
    const given = value[member];
    if (Object.hasOwn(value, member)) {
      unknown--;
      if (typeof type == "object") check(type, given, counts);
      else if (!(types[type] || types.s)(given, counts)) throw member;
      else if (!types[type] && !type.split("|").includes(given)) {
        counts.value++;
        delete value[member];
      }
    } else if (member == key) throw member;
  }
  counts.member += unknown;
  return true;
}

/**
 * Whether the type of a frame is known. Checks the shape of a frame with a known type.
 * @param {any} frame @param {Counts} counts @throws {string}
 */
export function isKnown(frame, counts) {
  const shape = own(FRAMES, frame.type);
  return shape && check({ type: "s", ...shape }, frame, counts);
}

/** The kind of an operation in the table WIRE; undefined if it is unknown. @param {string} op */
export const kindOf = (op) => (LIFECYCLE.includes(op) ? op : own(OPS, op) && "content");
