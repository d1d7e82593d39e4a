// What a `view` frame does to a session. Loaded with the code that shows views.

import { reactions, violation } from "./frames.js";
import { expire } from "./lifecycle.js";
import { check } from "./shape.js";
import { streamOf } from "./state.js";
import { ENTRY, FRAMES, NAME, VIEW } from "./vocabulary.js";

/** @typedef {import("./state.js").State} State */

/** Takes over what a view lists (CLI-21). @param {State} state @param {string} name @param {any} entry */
function adopt(state, name, { seq, state: next = "idle", run: open, error, code }) {
  const stream = streamOf(state, name);
  const { run: before, error: shown, code: shownCode } = stream;
  const { op } = state._effects;
  const run = next == "idle" ? 0 : open;
  const other = run != before;
  if (other || seq != stream.cursor) stream.text = undefined;
  if (other) expire(state, stream); // CLI-24
  Object.assign(stream, { state: next, run, error, code, gone: false });
  if (other && run) op(stream, { op: "start", run }, run);
  if (error != undefined && (error != shown || code != shownCode || (other && run)))
    op(stream, { op: "error", error, code }, run);
}

/**
 * Whether an entry has the shape that its state needs.
 * @param {string} name @param {any} entry @param {import("./shape.js").Counts} counts
 */
function fits(name, entry, counts) {
  check(ENTRY, entry, counts);
  const { state, run, error } = entry;
  return NAME.test(name) && (state != "open" || run) && (state != "errored" || (run && error != undefined));
}

/** @type {import("./state.js").Dialect} */
export function viewFrame(state, { html, version, streams: listed }) {
  const entries = Object.entries(listed);
  try {
    if (!entries.every(([name, entry]) => fits(name, entry, state._counts))) throw "streams";
  } catch (what) {
    return violation(state, "malformed", `view: ${what}`); // CLI-20
  }
  if (version <= state._version) return; // CLI-22
  state._version = version;
  state._effects.frame(undefined, () => {
    state._effects.view(html, listed);
    for (const [name, entry] of entries) adopt(state, name, entry);
    if (!state._over) for (const [name, { seq }] of entries) streamOf(state, name).cursor = seq;
    return !state._over;
  });
}

/** Views are known from now on. */
export function learn() {
  FRAMES.view = VIEW;
  reactions.view = viewFrame;
}
