// One WebSocket after another, with a timer. Messages take effect in the order in which they arrive,
// and they wait while the code of views is loaded.

/**
 * Calls a callback of the application. What it throws is logged and stops nothing: a frame may be half applied.
 * @param {((first: any, second: any) => void) | undefined} callback @param {any} first @param {any} [second]
 */
export function notify(callback, first, second) {
  try {
    callback?.(first, second);
  } catch (error) {
    console.error(error);
  }
}

/** @param {import("./client.js").Options} options @param {any} window */
export function socketOf(options, window) {
  const {
    onFrame, now = Date.now, WebSocket = window.WebSocket,
    setTimeout = window.setTimeout, clearTimeout = window.clearTimeout,
  } = options;
  const url = new URL(options.url, window.document.baseURI).href.replace(/^http/, "ws");
  /** @type {(() => unknown)[]} */
  const waiting = [];
  /** @type {unknown} */
  let loading;
  let /** @type {any} */ timer, /** @type {any} */ socket;

  /** Applies some of the messages that wait, and the rest later: all of them at once could block the page. */
  function catchUp() {
    const begun = now();
    try {
      // 20 ms, not less: the timers of a hidden page run once a second
      while (!loading && waiting[0] && now() - begun < 20) /** @type {any} */ (waiting.shift())();
    } finally {
      if (!loading && waiting[0]) setTimeout(catchUp, 0); // also after one that failed
    }
  }

  return {
    /** @param {any} protocols @param {() => void} opened @param {any} message @param {any} closed */
    _open(protocols, opened, message, closed) {
      const mine = (socket = new WebSocket(url, protocols));
      /** @param {(event: any) => void} act */
      const inOrder = (act) => (/** @type {any} */ event) => {
        const apply = () => mine == socket && act(event); // a socket that was closed has no effect
        if (loading || waiting[0]) waiting.push(apply);
        else apply();
      };
      socket.onopen = opened;
      socket.onmessage = inOrder(message);
      socket.onclose = inOrder((event) => {
        socket = undefined;
        closed(event);
      });
    },

    /** @param {any} frame */
    send(frame) {
      notify(onFrame, frame, "out");
      if (socket?.readyState == 1) socket.send(JSON.stringify(frame));
    },

    /** Closes the socket without waiting, and returns it. @param {number} code @param {string} [reason] */
    _close(code, reason) {
      const closing = socket;
      closing?.close(code, reason);
      socket = undefined;
      return closing;
    },

    /**
     * Sets the only timer: for the welcome, the heartbeat or the next attempt. Without `call`, only stops it.
     * @param {() => void} [call] @param {number} [ms]
     */
    _after(call, ms) {
      clearTimeout(timer);
      if (call) timer = setTimeout(call, ms);
    },

    /**
     * Lets messages wait for `code`.
     * @param {Promise<unknown> | undefined} code @param {(error: unknown) => void} failed
     */
    _await(code, failed) {
      const loaded = (/** @type {unknown} */ error = undefined) => {
        loading = undefined;
        if (error) failed(error);
        catchUp();
      };
      loading = code?.then(() => loaded(), loaded);
    },
  };
}
