// Coming back: the network, the reader, a page out of the browser's cache. And what says that there is no connection.
import assert from "node:assert/strict";
import { test } from "node:test";
import { given, view, welcomed } from "./helpers.js";

/** A page whose connection is lost, with a wait of 30 s before the next attempt. */
function waiting(options) {
  const page = given(undefined, { random: () => 1, ...options });
  for (let attempt = 0; attempt < 6; attempt++) {
    page.socket.lose();
    if (attempt < 5) page.clock.pass(page.states.at(-1)[1]);
  }
  assert.deepEqual(page.states.at(-1), ["waiting", 30_000]);
  return page;
}
const tell = {
  online: ({ window }) => window.dispatchEvent(new window.Event("online")),
  visible: ({ window, document }) => document.dispatchEvent(new window.Event("visibilitychange")),
  pageshow: ({ window }) => window.dispatchEvent(new window.Event("pageshow")),
};
const hide = ({ document }, hidden) => Object.defineProperty(document, "visibilityState", { value: hidden ? "hidden" : "visible", configurable: true });

for (const [what, happens] of Object.entries(tell))
  test(`${what}: the next attempt follows within a second`, () => {
    const page = waiting();
    const count = page.sockets.length;
    hide(page, false);
    happens(page);
    page.clock.pass(999);
    assert.equal(page.sockets.length, count);
    page.clock.pass(1);
    assert.equal(page.sockets.length, count + 1);
  });

test("at a random time in this second", () => {
  for (const [random, ms] of [[0, 0], [0.25, 250], [0.9, 900]]) {
    let chance = 1;
    const page = waiting({ random: () => chance });
    chance = random;
    const count = page.sockets.length;
    tell.online(page);
    page.clock.pass(Math.max(0, ms - 1));
    assert.equal(page.sockets.length, ms ? count : count + 1);
    page.clock.pass(1);
    assert.equal(page.sockets.length, count + 1);
  }
});

test("a storm of these events is one attempt, which none of them delays", () => {
  const page = waiting();
  const count = page.sockets.length;
  hide(page, false);
  for (let ms = 0; ms < 1500; ms += 100) {
    for (const happens of Object.values(tell)) happens(page);
    page.clock.pass(100);
  }
  assert.equal(page.sockets.length, count + 1);
});

test("the back-off goes on after it", () => {
  const page = waiting();
  tell.online(page);
  page.clock.pass(1000);
  page.socket.lose();
  assert.deepEqual(page.states.at(-1), ["waiting", 30_000]);
});

test("while the page is hidden only the network counts", () => {
  const page = waiting();
  const count = page.sockets.length;
  hide(page, true);
  tell.visible(page);
  page.clock.pass(1000);
  assert.equal(page.sockets.length, count);
  tell.online(page);
  page.clock.pass(1000);
  assert.equal(page.sockets.length, count + 1);
});

test("not while one is connecting or open, and never after the end", () => {
  const page = given();
  hide(page, false);
  const storm = () => Object.values(tell).forEach((happens) => happens(page));
  storm();
  page.open();
  storm();
  page.clock.pass(5000);
  assert.equal(page.sockets.length, 1);
  page.socket.lose(4401);
  storm();
  page.clock.pass(60_000);
  assert.deepEqual([page.sockets.length, page.client.state], [1, "closed"]);
});

test("a pause that the server asked for is kept", () => {
  const page = welcomed(undefined, { random: () => 1 });
  page.say({ type: "error", code: "rate_limited", error: "Slowly", fatal: true, retryable: true, retry_after_ms: 5000 });
  page.socket.lose(4429);
  page.clock.pass(2000);
  tell.online(page);
  page.clock.pass(3999);
  assert.equal(page.sockets.length, 1);
  page.clock.pass(1);
  assert.equal(page.sockets.length, 2);
});

test("after close, nothing brings a client back", () => {
  const page = waiting();
  const count = page.sockets.length;
  page.client.close();
  tell.online(page);
  page.clock.pass(60_000);
  assert.equal(page.sockets.length, count);
});

test("the root has the state of the connection, also after a view", () => {
  const page = given();
  const state = () => page.root.getAttribute("data-stream-connection");
  assert.equal(state(), "connecting");
  page.open();
  assert.equal(state(), "open");
  page.say(view("<p>x</p>", 1));
  assert.equal(state(), "open");
  page.socket.lose();
  assert.equal(state(), "waiting");
  page.clock.pass(1000);
  assert.equal(state(), "connecting");
  page.client.close();
  assert.equal(state(), "closed");
});

test("data-stream-offline shows its text from the loss of the connection to the next welcome", () => {
  const page = given(`<p data-stream-offline="No connection"></p><p data-stream-offline="Away" role="alert"></p>`, { page: `<i data-stream-offline="Lost"></i><div dj-view><b data-stream-offline="x"></b></div>` });
  const shown = () => [...page.document.querySelectorAll("[data-stream-offline]")].map((el) => el.textContent);
  const [no, yes] = [["", "", "", ""], ["No connection", "Away", "Lost", ""]];
  assert.deepEqual(shown(), no, "the first attempt may succeed");
  page.open();
  assert.deepEqual(shown(), no);
  page.socket.lose();
  assert.deepEqual(shown(), yes);
  page.clock.pass(1000);
  assert.equal(page.client.state, "connecting");
  assert.deepEqual(shown(), yes);
  page.open();
  assert.deepEqual(shown(), no);
  page.socket.lose(4401);
  assert.deepEqual(shown(), yes);
  page.client.close();
  assert.deepEqual(shown(), no, "a client that was closed has nothing to say");
  assert.deepEqual([...page.document.querySelectorAll("[data-stream-offline]")].map((el) => el.role), ["status", "alert", "status", null]);
});
