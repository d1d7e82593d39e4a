// Messages take effect in the order in which they arrive, and they wait while the code of views is loaded.

/** @param {() => number} now milliseconds @param {(call: () => void, ms: number) => any} setTimeout */
export function orderOf(now, setTimeout) {
  /** @type {unknown} */
  let loading;
  /** @type {(() => unknown)[]} */
  const waiting = [];

  /** Applies some of the messages that wait, and the rest later: all of them at once could block the page. */
  function catchUp() {
    const begun = now();
    while (waiting[0] && now() - begun < 20) /** @type {any} */ (waiting.shift())(); // ms: hidden pages have one timer a second
    if (waiting[0]) setTimeout(catchUp, 0);
  }

  return {
    /** Calls `act` when it is its turn. @param {() => unknown} act */
    _add(act) {
      if (loading || waiting[0]) waiting.push(act);
      else act();
    },

    /** Lets messages wait for `code`. @param {Promise<void> | undefined} code @param {(error: unknown) => void} failed */
    _wait(code, failed) {
      const loaded = (/** @type {unknown} */ error) => {
        loading = undefined;
        if (error) failed(error);
        catchUp();
      };
      loading = code?.then(loaded, loaded);
    },
  };
}
