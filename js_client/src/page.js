// The view root, and what frames do to it. Everything here is synchronous: pages in the background are updated
// too, and no script of the page runs between the operations of one frame (CLI-4).

import { call } from "./dom.js";
import { reactions } from "./frames.js";
import { show } from "./markers.js";
import { ops as actions, apply } from "./ops.js";
import { follow } from "./scroll.js";
import { finderOf, gateOf } from "./targets.js";
import { OPS } from "./vocabulary.js";

/** @typedef {import("./state.js").Stream} Stream */
/** @typedef {import("./state.js").Effects} Effects */
/** @typedef {import("./targets.js").Sanitizer} Sanitizer */
/** @typedef {(el: any, name: string, detail: object) => void} Fire fires an event on an element, or on the root */

/** @type {typeof import("./view.js").swap} undefined until it is loaded */
let swap;

/** Loads the code of views. @returns {Promise<void> | undefined} undefined if it is loaded */
export const load = () =>
  swap != undefined
    ? undefined
    : import("./view.js").then((view) => {
        swap = view.swap;
        reactions.view = view.viewFrame;
      });

/**
 * The effects of a session on a page. `_fire` dispatches an event, `_flush` ends a frame for hooks, and `close`
 * removes what does not belong to the page.
 * @param {Element} root
 * @param {any} window
 * @param {import("./client.js").Options} options
 * @param {Map<string, Stream>} streams
 * @param {import("./client.js").Tell} report
 * @param {(event: string, params?: object) => Promise<unknown>} push
 * @returns {Pick<Effects, "frame" | "op" | "integrity" | "view"> & {
 *   _fire: Fire, _flush: () => void, close: () => void}}
 */
export function pageOf(root, window, options, streams, report, push) {
  const namespace = (window.streamops ||= {});
  const djust = (window.djust ||= {});
  const v0 = options.protocol == "v0";
  const found = new Map();
  const find = finderOf(root, found, v0);
  const safe = gateOf(window, options, namespace, report);
  let /** @type {any} */ hooks, /** @type {any} */ loading;

  /** @param {Stream} stream */
  const showState = (stream) => show(root, stream, find(stream.target));
  const showAll = () => streams.forEach(showState);

  /** @type {Fire} */
  function fire(el, name, detail) {
    const event = new window.CustomEvent("stream:" + name, { bubbles: true, detail });
    call(root.contains(el) ? el : root, "dispatchEvent", event);
  }

  /** The content of an element changes. @param {Element} el @param {boolean} more whether elements may be added */
  function touched(el, more) {
    hooks?.touched(el, more);
    if (more) found.clear();
  }

  /** The end of a frame, for hooks. They are loaded when the page has some. */
  function flush() {
    hooks?.flush();
    loading ||=
      (namespace.hooks || djust.hooks) &&
      import("./hooks.js").then(({ hooksIn }) => (hooks = hooksIn(root, window, push, report)));
  }

  return {
    _fire: fire,
    _flush: flush,

    frame(ops, act) {
      const scroll = follow(root, ops?.map(({ target }) => find(target)));
      if (!act()) return;
      if (!ops) showAll();
      scroll();
      flush();
    },

    op(stream, op, run, seq) {
      const { op: name, target = stream.target, mode, reason, error, code } = op;
      const isContent = Object.hasOwn(actions, name);
      const el = find(isContent ? target : stream.target);
      const isDelete = name == "delete";
      const event = OPS[name].html ? "update" : isDelete ? "remove" : name;
      const tell = () => fire(el, event, { stream: stream.name, run, seq, op, reason, error, code });
      if (isDelete && el) tell(); // an event cannot bubble from a removed element
      const refused = target != stream.target && !v0 && ["target", target]; // only content has a target of its own
      const problem = isContent ? apply(el, target, op, safe, touched) : refused;
      // the state belongs to the stream, whatever the target is; most texts change nothing else
      if (name != "text" || mode == "replace") showAll();
      else if (stream._state != stream.state) showState(stream);
      if (problem) report(.../** @type {[string, unknown]} */ (problem), stream.name, op); // CLI-5
      if (!isDelete && !(problem && isContent)) tell();
    },

    // CLI-17: the hash is computed later, so that `done` is not delayed
    integrity({ name: stream, target, text }, run, sha256) {
      import("./integrity.js").then(({ prove }) =>
        prove(window, options, text, sha256, (ok) => fire(find(target), "integrity", { stream, run, ok })),
      );
    },

    view(html, listed) {
      swap(root, safe(html, "view", root), listed, streams, find, report);
      touched(root, true);
    },

    close() {
      hooks?.close();
      streams.forEach(({ _alert }) => root.contains(/** @type {any} */ (_alert)) || _alert?.remove());
    },
  };
}
