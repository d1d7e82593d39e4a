// Hooks: objects of callbacks in `window.streamops.hooks`. `window.djust.hooks` is the same object.
// This module is loaded when a page assigns hooks.

import { attributeOf, call as ask, get } from "./dom.js";

/** @typedef {{mounted?: () => void, updated?: () => void, destroyed?: () => void, [more: string]: any}} Hook */

/**
 * Makes the two names one object, whichever of them the page assigns, and whenever it does.
 * @param {any} window
 * @returns {any} `window.streamops`; its `rescans` has a function of each client that looks for elements again
 */
function namespaceOf(window) {
  const ours = (window.streamops ||= {});
  const theirs = (window.djust ||= {});
  if (!ours.rescans) {
    ours.rescans = new Set();
    let hooks = Object.assign(ours.hooks || theirs.hooks || {}, theirs.hooks);
    for (const space of [ours, theirs])
      Object.defineProperty(space, "hooks", {
        get: () => hooks,
        set(assigned) {
          hooks = assigned || {};
          for (const rescan of ours.rescans) rescan();
        },
      });
  }
  return ours;
}

/** chat-messages → ChatMessages @param {string} name */
const pascal = (name) => name.replace(/(?:^|[^A-Za-z0-9]+)(\w)/g, (_, letter) => letter.toUpperCase());

/**
 * @param {Element} root
 * @param {any} window
 * @param {(event: string, params?: object) => Promise<unknown>} pushEvent
 * @param {(kind: string, error: unknown) => void} report
 */
export function hooksIn(root, window, pushEvent, report) {
  const namespace = namespaceOf(window);
  /** @type {Map<Element, Hook>} */
  const bound = new Map();
  /** @type {Set<Element>} */
  const changed = new Set();
  let scan = true;

  /** @param {Element} el @param {string} name */
  function call(el, name) {
    try {
      bound.get(el)?.[name]?.();
    } catch (error) {
      report("hook", error);
    }
  }

  /** At the end of a frame: each callback at most once for each element. */
  function flush() {
    for (const el of bound.keys()) {
      if (!ask(root, "contains", el)) {
        call(el, "destroyed");
        bound.delete(el);
      } else if (changed.has(el)) call(el, "updated");
    }
    changed.clear();
    if (scan) {
      scan = false;
      const { hooks } = namespace;
      for (const el of ask(root, "querySelectorAll", "[dj-hook],[dj-stream],[id]")) {
        const named = attributeOf(el, "dj-hook");
        const names = named
          ? [named]
          : [attributeOf(el, "dj-stream") || "", get(el, "id")].flatMap((name) => [name, pascal(name)]);
        const name = names.find((each) => Object.hasOwn(hooks, each));
        if (name && !bound.has(el)) {
          bound.set(el, Object.assign(Object.create(hooks[name]), { el, pushEvent }));
          call(el, "mounted");
        }
      }
    }
  }

  function rescan() {
    scan = true;
    flush();
  }
  namespace.rescans.add(rescan);
  flush();

  return {
    flush,

    /**
     * An op changed this element.
     * @param {Element} el @param {boolean} more whether elements with hooks may have been added
     */
    touched(el, more) {
      scan ||= more;
      for (const one of bound.keys()) if (ask(one, "contains", el) || ask(el, "contains", one)) changed.add(one);
    },

    close() {
      namespace.rescans.delete(rescan);
      for (const el of bound.keys()) call(el, "destroyed");
    },
  };
}
