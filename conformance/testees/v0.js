// What a testee of v0 adds to its client's WebSocket: pings are answered here, because a client of v0 knows none.

/** `applied()` settles when the client is through with what it got so far. */
export function answeringPings(WebSocket, applied = () => undefined) {
  return class extends WebSocket {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", async (event) => { // before any listener of the client
        const { type, t } = JSON.parse(event.data);
        if (type !== "ping") return;
        event.stopImmediatePropagation();
        await applied();
        this.send(JSON.stringify({ type: "pong", t }));
      });
    }
  };
}
