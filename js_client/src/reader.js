// What a reader does on a page: they type, press, scroll, and come back. Loaded beside the first connection, since what
// a program says can be shown without it.

import { call } from "./dom.js";
import { inputOf } from "./input.js";
import { TYPES } from "./listen.js";
import { send } from "./outgoing.js";
import { returning, soonest } from "./returning.js";
import { follow as scroll } from "./scroll.js";
import { markAll, offline } from "./waiting.js";

/** @typedef {ReturnType<typeof readerOf>} Reader */

/**
 * @param {Element} root
 * @param {any} window
 * @param {import("./client.js").Options} options
 * @param {(event: string, params: object) => Promise<unknown>} push
 * @param {import("./client.js").Tell} report
 * @param {import("./page.js").Fire} fire
 * @param {(event: any) => void} listener what listen.js made
 */
export function readerOf(root, window, options, push, report, fire, listener) {
  const input = inputOf(window, push, report, fire);
  const notice = offline(root, window);
  const reconnects = returning(window);
  const { random = Math.random, now = Date.now } = options;

  return {
    ...input,

    /**
     * Sends an event on a connection.
     * @param {import("./connection.js").Connection} connection
     * @param {string} event @param {object} params
     * @param {() => void} resolve @param {(error: Error) => void} reject
     */
    send({ _session: session, _ended: ended }, event, params, resolve, reject) {
      send(session, event, params, (failure) => {
        if (failure) reject(Object.assign(new Error(failure.error), failure));
        else resolve();
      });
      if (ended) session.end();
    },

    /**
     * The connection has another state.
     * @param {string} state
     * @param {import("./state.js").State} session
     * @param {(ms: number) => void} attempt makes the next attempt follow after this time
     */
    state(state, session, attempt) {
      call(root, "setAttribute", "data-stream-connection", state);
      notice(state);
      reconnects(state, () => attempt(soonest(session, random(), now())));
    },

    /** @param {[string | undefined, string, (ok: boolean) => void]} text a text, a hash, and what is told the result */
    async prove(...text) {
      (await import("./integrity.js")).prove(window, options, ...text);
    },

    /** The client was closed. */
    close() {
      for (const type of TYPES) call(root, "removeEventListener", type, listener);
      input.close();
      notice("open");
    },
  };
}

/**
 * Before a frame; see scroll.js. A view may also have removed the marks of what waits.
 * @param {Element} root @param {any} window
 * @param {(Element | null | undefined)[]} [targets] none for a view
 * @returns {() => void} to be called after the frame
 */
export function follow(root, window, targets) {
  const stay = scroll(root, window, targets);
  return () => {
    stay();
    if (!targets) markAll();
  };
}
