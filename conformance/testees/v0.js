// Answers the runner's pings on the WebSocket of a v0 client, because v0 does not have them.

/** `applied()` settles when the client has applied all frames that it got so far. */
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
