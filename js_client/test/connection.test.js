// Chapters 1, 7, 8 and 10, and the connection in chapter 13.
import assert from "node:assert/strict";
import { test } from "node:test";
import { done, error, frame, given, settled, start, text, view, WELCOME, welcomed } from "./helpers.js";

const event = (ref, event, params = {}) => ({ type: "event", ref, event, params });

test("it offers the subprotocol and sends hello, once and first (CON-15, CON-16)", () => {
  const page = given("", { view: { name: "Chat", params: { room: "lobby" } } });
  page.client.push("early");
  assert.deepEqual([page.socket.url, page.socket.protocols], ["ws://page.test/live", "streamops.v1"]);
  page.socket.open();
  assert.deepEqual(page.heard, [{ type: "hello", caps: ["html", "view", "ack", "resume"], limits: { window: 64 }, view: { name: "Chat", params: { room: "lobby" } } }]);
  page.say(WELCOME);
  assert.deepEqual(page.heard.slice(1), [event(1, "early")]);
  assert.deepEqual(page.states, [["connecting", undefined], ["open", undefined]]);
});

for (const [url, expected] of [["https://a.test/x", "wss://a.test/x"], ["ws://a.test/x", "ws://a.test/x"], ["sub?q=1", "ws://page.test/chat/sub?q=1"]])
  test(`the url ${url} becomes ${expected}`, () => assert.equal(given("", { url }).socket.url, expected));

test("a hello without a view names none", () => {
  assert.equal("view" in given().open().heard[0], false);
});

test("a pong repeats the t of its ping, and has none if the ping had none (CON-12)", () => {
  const page = welcomed();
  page.say({ type: "ping", t: "17" }, { type: "ping" });
  assert.deepEqual(page.heard.slice(1), [{ type: "pong", t: "17" }, { type: "pong" }]);
});

test("without a welcome for 10 s it closes and tries again (CLI-15)", () => {
  const page = given();
  page.socket.open();
  page.clock.pass(9999);
  assert.equal(page.sockets[0].closed, null);
  page.clock.pass(1);
  assert.ok(page.sockets[0].closed);
  page.clock.pass(1000);
  assert.equal(page.sockets.length, 2);
});

for (const [code, back] of Object.entries({
  1000: false, 1001: true, 1005: true, 1006: true, 1009: false, 1011: true, 1012: true, 1013: true, 4400: false, 4401: false, 4403: false,
  4408: true, 4409: false, 4413: false, 4429: true, 4499: false, 4500: true, 4503: true, 4504: true, 4508: true, 4599: true,
}))
  test(`after close ${code} it ${back ? "reconnects" : "does not reconnect"} (CLI-16)`, () => {
    const page = welcomed();
    page.socket.lose(+code);
    assert.equal(page.client.state, back ? "waiting" : "closed");
    page.clock.pass(60_000);
    assert.equal(page.sockets.length > 1, back);
  });

for (const [frame, code, back] of [
  [{ code: "app_error", retryable: false }, 4500, false],
  [{ code: "unauthorized", retryable: false }, 1006, false],
  [{ code: "unauthorized", retryable: true }, 4401, true],
  [{ code: "x_mine" }, 4500, true],
  [{ code: "shutting_down", retryable: true }, 1006, true],
])
  test(`the verdict of a fatal ${JSON.stringify(frame)} counts more than close ${code} (CLI-16)`, () => {
    const page = welcomed();
    page.say({ type: "error", error: "…", fatal: true, ...frame });
    page.socket.lose(code);
    page.clock.pass(60_000);
    assert.equal(page.sockets.length > 1, back);
    assert.deepEqual(page.kinds(), ["server"]);
  });

test("an error that is not fatal does not decide about reconnecting", () => {
  const page = welcomed();
  page.say({ type: "error", code: "unauthorized", error: "…", fatal: false });
  page.socket.lose(1006);
  assert.equal(page.client.state, "waiting");
});

test("it waits a random time up to a bound that doubles up to 30 s, and at least retry_after_ms", () => {
  const page = given("", { random: () => 1 });
  const waits = () => page.states.filter(([state]) => state == "waiting").map(([, ms]) => ms);
  for (let i = 0; i < 7; i++) {
    page.socket.lose();
    page.clock.pass(page.states.at(-1)[1]);
  }
  assert.deepEqual(waits(), [1000, 2000, 4000, 8000, 16000, 30000, 30000]);
  page.open();
  page.clock.pass(20_000);
  page.say({ type: "ping" });
  page.clock.pass(20_000);
  page.say({ type: "error", code: "rate_limited", error: "Slowly", fatal: true, retryable: true, retry_after_ms: 5000 });
  page.socket.lose(4429);
  assert.equal(waits().at(-1), 6000, "after a stable connection the bound starts again");
});

test("a late close of an old socket has no effect", () => {
  const page = welcomed();
  page.say("broken");
  page.sockets[0].lose(4409);
  page.clock.pass(1000);
  assert.equal(page.client.state, "connecting");
});

test("a silent connection gets a ping, and is then dropped", () => {
  const page = welcomed();
  page.clock.pass(25_000);
  page.clock.pass(25_000);
  assert.deepEqual(page.heard.slice(1), [{ type: "ping" }]);
  page.say({ type: "pong" });
  page.clock.pass(25_000);
  assert.equal(page.client.state, "open");
  page.clock.pass(50_000);
  assert.deepEqual(page.sockets[0].closed?.code, 4504);
});

test("a lost connection without resume ends its runs as expired; contents stay, numbers start again (RES-14)", () => {
  const page = welcomed(`<p dj-stream="a"></p><p dj-stream="b"></p>`);
  page.say(view(`<p dj-stream="a"></p><p dj-stream="b"></p>`, 5), frame("a", 1, start("a"), text("a", "x")), frame("b", 1, start("b"), error("b", "Busy")));
  page.socket.lose();
  assert.deepEqual(page.fired.slice(-2).map(({ type, stream, reason }) => [type, stream, reason]), [["done", "a", "expired"], ["done", "b", "expired"]]);
  assert.equal(page.el("a").hasAttribute("data-stream-active"), false);
  assert.equal(page.el("a").textContent, "x");
  assert.equal(page.client.streams.a.cursor, 0);
  page.clock.pass(1000);
  page.open();
  page.say(view(`<p dj-stream="a">new</p>`, 1, { a: { seq: 0, state: "idle" } }), frame("a", 1, start("a"), done("a")));
  assert.equal(page.root.innerHTML, `<p dj-stream="a">new</p>`);
  assert.deepEqual(page.reports, []);
});

test("replies settle their events, in any order (EVT-9)", async () => {
  const page = welcomed();
  const first = page.client.push("one", { a: 1 });
  const second = page.client.push("two");
  assert.deepEqual(page.heard.slice(1), [event(1, "one", { a: 1 }), event(2, "two")]);
  page.say({ type: "reply", ref: 2, ok: true }, { type: "reply", ref: 1, ok: false, error: { code: "bad_params", error: "No" } }, { type: "reply", ref: 1, ok: true });
  assert.equal(await second, undefined);
  await assert.rejects(first, { code: "bad_params", message: "No" });
});

test("never more than max_events are unanswered; the others wait", () => {
  const page = welcomed("", { welcome: { ...WELCOME, limits: { ...WELCOME.limits, max_events: 2 } } });
  for (const name of ["a", "b", "c", "d"]) page.client.push(name);
  assert.equal(page.heard.length, 3);
  page.say({ type: "reply", ref: 2, ok: true });
  assert.deepEqual(page.heard.slice(3), [event(3, "c")]);
});

test("when a connection is lost, its unanswered events fail; queued events go to the next one, and refs grow", async () => {
  const page = welcomed("", { welcome: { ...WELCOME, limits: { ...WELCOME.limits, max_events: 1 } } });
  const lost = page.client.push("a");
  const kept = page.client.push("b");
  page.socket.lose();
  await assert.rejects(lost, { code: "resume_failed" });
  page.clock.pass(1000);
  page.open();
  assert.deepEqual(page.heard.slice(1), [event(2, "b")]);
  page.say({ type: "reply", ref: 2, ok: true });
  await kept;
});

test("cancel names the open run, and sends nothing if there is none", () => {
  const page = welcomed();
  page.client.cancel("answer");
  page.say(frame("answer", 1, start("answer")));
  page.client.cancel("answer");
  page.say(frame("answer", 2, done("answer", "cancelled")));
  page.client.cancel("answer");
  assert.deepEqual(page.heard.slice(1), [{ type: "cancel", stream: "answer", run: 1 }]);
});

test("close ends it for good", async () => {
  const page = welcomed(`<p dj-stream="a"></p><button dj-click="x"></button>`);
  const waiting = page.client.push("a");
  page.say(frame("a", 1, start("a"), error("a")));
  page.client.close();
  page.client.close();
  await assert.rejects(waiting, { code: "resume_failed" });
  await assert.rejects(page.client.push("b"), { code: "resume_failed" });
  page.root.querySelector("button").click();
  page.clock.pass(60_000);
  assert.equal(page.sockets.length, 1);
  assert.equal(page.client.state, "closed");
  assert.equal(page.document.querySelector("[role=alert]"), null);
});

test("a page that closes the client while a frame is applied stops that frame", () => {
  const page = welcomed();
  page.root.addEventListener("stream:text", () => page.client.close());
  page.say(frame("answer", 1, start("answer"), text("answer", "a"), text("answer", "b")));
  assert.equal(page.el("answer").textContent, "a");
  assert.equal(page.client.streams.answer.cursor, 0);
});

test("onFrame sees both directions", () => {
  const seen = [];
  const page = welcomed("", { onFrame: (frame, direction) => seen.push([direction, frame.type]) });
  page.say({ type: "ping" });
  assert.deepEqual(seen, [["out", "hello"], ["in", "welcome"], ["in", "ping"], ["out", "pong"]]);
});

test("without onReport, problems go to the console", async (t) => {
  const warn = t.mock.method(console, "warn", () => {});
  welcomed("", { onReport: undefined }).say({ type: "stream" });
  assert.equal(warn.mock.callCount(), 1);
  await settled();
});
