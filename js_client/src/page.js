// The view root, and what frames do to it. Everything here is synchronous: hidden pages go on,
// and nothing is seen between the operations of one frame (CLI-4).

import { reactions } from "./frames.js";
import { show } from "./markers.js";
import { ops as actions } from "./ops.js";
import { follow } from "./scroll.js";
import { OPS, TARGET } from "./vocabulary.js";

/** @typedef {import("./state.js").Stream} Stream */
/** @typedef {import("./state.js").Op} Op */
/** @typedef {(html: string, place: {op: string, target: Element}) => string} Sanitizer */

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
 * @param {Element} root
 * @param {any} window
 * @param {import("./client.js").Options} options
 * @param {Map<string, Stream>} streams
 * @param {import("./client.js").Tell} report
 * @param {(event: string, params?: object) => Promise<unknown>} push
 */
// eslint-disable-next-line max-lines-per-function -- one closure: in parts, the client would be larger than 6 KiB
export function pageOf(
  root,
  window,
  { sanitize, protocol, crypto = window.crypto, trustedTypes = window.trustedTypes },
  streams,
  report,
  push,
) {
  /** @type {Map<string, Element>} selector → the first such element in document order */
  const found = new Map();
  const namespace = (window.streamops ||= {});
  const djust = (window.djust ||= {});
  /** @type {any} */
  let hooks;
  /** @type {any} */
  let loading;
  const v0 = protocol == "v0"; // its targets may be any selector
  // a policy's name can be used only once
  const policy = (namespace.policy ||= trustedTypes?.createPolicy("streamops", { createHTML: String }));

  /** @param {any} el */
  const inside = (el) => root.contains(el);
  /** @param {Stream} stream */
  const showState = (stream) => show(root, stream, find(stream.target));
  const showAll = () => streams.forEach(showState);

  /**
   * Passes html through the sanitizer, and makes it a trusted type if the browser has them.
   * @param {any} html @param {string} op @param {Element} target @returns {any} for `innerHTML`
   */
  function safe(html, op, target) {
    try {
      if (sanitize) html = sanitize(html, { op, target });
    } catch (error) {
      html = ""; // html that was not sanitized is not shown
      report("sanitizer", error);
    }
    return policy ? policy.createHTML(html || "") : html || "";
  }

  /**
   * The element that a target names: the first in document order inside the root.
   * @param {any} target
   * @returns {Element | null | undefined} null: there is none; undefined: not a target, nothing was run (CLI-13)
   */
  function find(target) {
    const [known, id] = TARGET.exec(target) || [];
    const selector = id ? `[id='${id.replaceAll("\\", "\\\\")}']` : target; // an id contains no quotes
    let el = found.get(selector);
    if (known && inside(el) && el?.matches(selector)) return el;
    try {
      if (known || v0) {
        el = /** @type {any} */ (root.querySelector(selector));
        found.set(selector, /** @type {any} */ (el));
        return el;
      }
    } catch {}
  }

  /**
   * Fires an event on the element, or on the root if the element is gone.
   * @param {any} el @param {string} name @param {object} detail
   */
  function fire(el, name, detail) {
    (inside(el) ? el : root).dispatchEvent(new window.CustomEvent("stream:" + name, { bubbles: true, detail }));
  }

  /** The end of a frame, for hooks. They are loaded when the page has some. */
  function flush() {
    hooks?.flush();
    if (!loading && (namespace.hooks || djust.hooks))
      loading = import("./hooks.js").then(({ hooksIn }) => (hooks = hooksIn(root, window, push, report)));
  }

  return {
    _fire: fire,
    _flush: flush,

    /**
     * Applies a frame or a view.
     * @param {Op[] | undefined} ops undefined for a view
     * @param {() => unknown} act returns true if the connection is still the same afterwards
     */
    frame(ops, act) {
      const scroll = follow(
        ops ? ops.map(({ target }) => find(target)) : [...root.querySelectorAll("[data-stream-scroll]")],
      );
      if (!act()) return;
      if (!ops) showAll();
      scroll();
      flush();
    },

    /** @param {Stream} stream @param {Op} op @param {number} run @param {number} [seq] */
    op(stream, op, run, seq) {
      const { op: name, target = stream.target, mode, html, reason, error, code } = op;
      const isContent = Object.hasOwn(actions, name);
      const el = find(isContent ? target : stream.target);
      const isHtml = OPS[name].html;
      const isDelete = name == "delete";
      const tell = () =>
        fire(el, isHtml ? "update" : isDelete ? "remove" : name, {
          stream: stream.name,
          run,
          seq,
          op,
          reason,
          error,
          code,
        });
      let problem;
      /** @type {unknown} */
      let what = target;
      if (!isContent) {
        if (target != stream.target && !v0) problem = "target";
      } else if (!el) problem = el === null ? "missing_target" : "target";
      else {
        if (isDelete) tell(); // an event cannot bubble from a removed element
        const checked = isHtml && safe(html, name, el);
        const more = /dj-|id/i.test(checked);
        hooks?.touched(el, more); // before a delete removes it from the element that it changes
        try {
          actions[name](el, op, checked);
        } catch (thrown) {
          problem = "op";
          what = thrown;
        }
        if (more) found.clear();
      }
      // the state belongs to the stream, whatever the target is; most texts change nothing else
      if ((name != "text" && isContent) || mode == "replace") showAll();
      else if (!isContent || stream._state != stream.state) showState(stream);
      if (problem) report(problem, what, stream.name, op); // CLI-5
      if (!isDelete && !(problem && isContent)) tell();
    },

    /**
     * Compares the text of a run with the program's, without delaying `done` (CLI-17).
     * @param {Stream} stream @param {number} run @param {string} sha256
     */
    integrity({ name: stream, target, text }, run, sha256) {
      import("./integrity.js").then(({ prove }) =>
        prove(crypto, text, sha256, (ok) => fire(find(target), "integrity", { stream, run, ok })),
      );
    },

    /** Replaces the root's content (CLI-12). @param {string} html @param {object} listed */
    view(html, listed) {
      try {
        swap(root, safe(html, "view", root), listed, streams, find);
      } catch (error) {
        report("op", error);
      }
      found.clear();
      hooks?.touched(root, true);
    },

    /** Removes what does not belong to the page. */
    close() {
      hooks?.close();
      streams.forEach(({ _alert }) => inside(_alert) || _alert?.remove());
    },
  };
}
