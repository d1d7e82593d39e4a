// The view root, and what frames do to it. Everything here is synchronous: pages in the background are updated
// too, and no script of the page runs between the operations of one frame (CLI-4).

import { call } from "./dom.js";
import { listen } from "./listen.js";
import { show } from "./markers.js";
import { ops as actions, apply } from "./ops.js";
import { notify } from "./socket.js";
import { finderOf, gateOf } from "./targets.js";
import { OPS } from "./vocabulary.js";

/** @typedef {import("./state.js").Stream} Stream */
/** @typedef {import("./state.js").Effects} Effects */
/** @typedef {import("./targets.js").Sanitizer} Sanitizer */
/** @typedef {(el: any, name: string, detail: object) => void} Fire fires an event on an element, or on the root */

/** @type {typeof import("./view.js").swap} undefined until it is loaded */
let swap;
/** @type {typeof import("./reader.js") | undefined} undefined until it is loaded */
let reader;

const loadReader = () =>
  import("./reader.js").then((code) => {
    reader = code;
  });

/**
 * Loads code for which frames wait.
 * @param {boolean} [views] whether the server sends views
 * @returns {Promise<any> | undefined} undefined if it is loaded
 */
export const load = (views = true) =>
  (views && !swap) || !reader
    ? Promise.all([
        loadReader(),
        views &&
          import("./view.js").then((view) => {
            swap = view.swap;
            view.learn();
          }),
      ])
    : undefined;

/** @param {Element} root @param {any} window @returns {Fire} */
const firing = (root, window) =>
  function fire(el, name, detail) {
    const event = new window.CustomEvent("stream:" + name, { bubbles: true, detail });
    call(call(root, "contains", el) ? el : root, "dispatchEvent", event);
  };

/** @typedef {(call: (input: import("./reader.js").Reader) => void) => void} Ready */

/**
 * Listens for what a reader does, and calls back when the code for it is there, in the order of the calls.
 * @param {Element} root
 * @param {any} window
 * @param {import("./client.js").Tell} report
 * @param {(code: typeof import("./reader.js"), listener: (event: any) => void) => import("./reader.js").Reader} make
 * @returns {Ready}
 */
function readyOf(root, window, report, make) {
  const listener = listen(root, window, (event, el, data) => ready((there) => there.act(event, el, data)));
  /** @type {Parameters<Ready>[0][]} */
  const early = [];
  /** @type {import("./reader.js").Reader} */
  let input;
  /** @type {unknown} */
  let loading;

  function start() {
    if (reader) {
      input ||= make(reader, listener);
      // a copy: what one of them asks for comes before the next
      for (const each of early.splice(0)) notify(each, input);
    } else
      loading ||= loadReader().then(start, (error) => {
        loading = report("load", error); // the next call tries again, and each state of the connection makes one
      });
  }

  /** @type {Ready} */
  function ready(then) {
    early.push(then);
    start();
  }
  return ready;
}

/**
 * The effects of a session on a page. `_load` loads code for which frames wait (where
 * a reader is has to be known before them), and `close` removes what does not belong to the page.
 * @param {Element} root
 * @param {any} window
 * @param {import("./client.js").Options} options
 * @param {Map<string, Stream>} streams
 * @param {import("./client.js").Tell} report
 * @param {(event: string, params?: object) => Promise<unknown>} push
 * @returns {Pick<Effects, "frame" | "op" | "integrity" | "view"> & {
 *   _ready: Ready, _load: (views: boolean) => Promise<any> | undefined,
 *   _state: (...change: Parameters<import("./reader.js").Reader["state"]>) => void, close: () => void}}
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
  const fire = firing(root, window);
  const ready = readyOf(root, window, report, ({ readerOf }, listener) =>
    readerOf(root, window, options, push, report, fire, listener),
  );

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

  flush();
  return {
    _ready: ready,

    _load: (views) => (views || window.document.querySelector("[data-stream-scroll]") ? load(views) : undefined),

    _state: (...change) => ready((input) => input.state(...change)),

    frame(ops, act) {
      const scroll = reader?.follow(root, window, ops?.map(({ target }) => find(target)));
      if (!act()) return;
      if (!ops) showAll();
      flush();
      scroll?.();
    },

    op(stream, op, run, seq) {
      const { op: name, target = stream.target, mode, reason, error, code } = op;
      const isContent = Object.hasOwn(actions, name);
      const own = target == stream.target || target[0] == "#" || v0; // CLI-13
      const el = !isContent ? find(stream.target) : own ? find(target) : undefined;
      const isDelete = name == "delete";
      const event = OPS[name].html ? "update" : isDelete ? "remove" : name;
      const tell = () => fire(el, event, { stream: stream.name, run, seq, op, reason, error, code });
      if (isDelete && el) tell(); // an event cannot bubble from a removed element
      const problem = isContent && apply(el, target, op, safe, touched);
      // the state belongs to the stream, whatever the target is; most texts change nothing else
      if (name != "text" || mode == "replace") showAll();
      else if (stream._state != stream.state) showState(stream);
      if (problem) report(.../** @type {[string, unknown]} */ (problem), stream.name, op); // CLI-5
      if (!isDelete && !problem) tell();
    },

    // CLI-17: the hash is computed later, so that `done` is not delayed
    integrity: ({ name: stream, target, text }, run, sha256) =>
      ready(({ prove }) => prove(text, sha256, (ok) => fire(find(target), "integrity", { stream, run, ok }))),

    view(html, listed) {
      swap(root, safe(html, "view", root), listed, streams, find, report);
      touched(root, true);
    },

    close() {
      hooks?.close();
      ready((input) => input.close());
      streams.forEach(({ _alert }) => root.contains(/** @type {any} */ (_alert)) || _alert?.remove());
    },
  };
}
