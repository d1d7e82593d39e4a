// Chapters 9 to 11: acknowledgements, and a session that survives a lost connection.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { done, error, frame, LIMITS, settled, start, text, view, WELCOME, welcomed } from "./helpers.js";

const CAPS = ["html", "view", "ack", "resume"];
const ALL = { ...WELCOME, caps: CAPS, limits: { ...LIMITS, replay_bytes: 1 << 20 }, resume_ttl_ms: 60_000 };
const OTHER = { ...ALL, session: "Tq0bX4m9Lr2Yc8Wn5Kz7Pg" };
const PAGE = `<p dj-stream="a"></p><p dj-stream="b"></p>`;
const begun = (options) => welcomed(PAGE, { welcome: ALL, ...options });
const acks = (page) => page.heard.filter(({ type }) => type == "ack");
const ack = (cursors, view) => ({ type: "ack", cursors, ...(view && { view }) });
const texts = (from, n, name = "a") => Array.from({ length: n }, (_, k) => frame(name, from + k, text(name, "x")));

/** The connection is lost, and the client reconnects and gets `welcome`. */
function back(page, welcome, code = 1006) {
  page.socket.lose(code);
  page.clock.pass(1000);
  return page.open(welcome);
}

test("half a window of frames is acknowledged at once, with the cursor of each stream (FLW-5)", () => {
  const page = begun();
  page.say(frame("b", 1, start("b")), view(PAGE, 7), frame("a", 1, start("a")), ...texts(2, 28));
  assert.deepEqual(acks(page), []);
  page.say(...texts(30, 1));
  assert.deepEqual(acks(page), [ack({ b: 1, a: 30 }, 7)]);
  page.say(...texts(31, 31));
  assert.equal(acks(page).length, 1);
  page.say(...texts(62, 1));
  assert.deepEqual(acks(page)[1], ack({ a: 62 }, 7));
});

for (const [window, each] of [[1, 1], [2, 1], [3, 1], [4, 2], [9, 4]])
  test(`of a window of ${window} every ${each} are acknowledged (FLW-5)`, () => {
    const page = begun({ limits: { window } });
    assert.deepEqual(page.heard[0].limits, { window });
    page.say(frame("a", 1, start("a")), ...texts(2, 11));
    assert.equal(acks(page).length, 12 / each);
  });

test("frames that are discarded count: repeated ones and old views (FLW-5)", () => {
  const page = begun({ limits: { window: 4 } });
  page.say(frame("a", 1, start("a")), view(PAGE, 3));
  page.say(frame("a", 1, start("a")), view("old", 2));
  assert.deepEqual(acks(page), [ack({ a: 1 }, 3), ack({ a: 1 }, 3)]);
  page.say(view("old", 1), view("old", 3));
  assert.deepEqual(acks(page)[2], ack({}, 3));
});

test("the rest is acknowledged within 250 ms, also on a quiet stream (FLW-6)", () => {
  const page = begun();
  page.say({ type: "ping" }, { type: "reply", ref: 1, ok: true });
  page.clock.pass(250);
  assert.deepEqual(acks(page), []);
  page.say(frame("a", 1, start("a")));
  page.clock.pass(100);
  page.say(view(PAGE, 1));
  assert.deepEqual(acks(page), []);
  page.clock.pass(150);
  assert.deepEqual(acks(page), [ack({ a: 1 }, 1)]);
  page.clock.pass(1000);
  assert.equal(acks(page).length, 1);
});

test("a session without the capability gets no ack, and no resume", () => {
  const page = welcomed(PAGE);
  page.say(frame("a", 1, start("a")), ...texts(2, 64));
  page.clock.pass(250);
  back(page);
  assert.deepEqual(page.heard, [{ type: "hello", caps: CAPS, limits: { window: 64 } }]);
  assert.equal(page.sockets[0].heard.length, 1);
});

test("nothing is acknowledged after a lost connection: a resume empties the window", () => {
  const page = begun({ limits: { window: 4 } });
  page.say(frame("a", 1, start("a")));
  back(page, { ...ALL, resumed: { a: { how: "replay", seq: 2 } } });
  page.say(...texts(2, 1));
  assert.deepEqual(acks(page), []);
  page.say(...texts(3, 1));
  assert.deepEqual(acks(page), [ack({ a: 3 })]);
});

test("it resumes with the cursors of what it applied, and continues there (RES-15, RES-16)", () => {
  const page = begun({ view: { name: "Chat" } });
  page.say(view(PAGE, 5), frame("a", 1, start("a"), text("a", "1")), { ...frame("b", 1, start("b"), done("b")), n: 9 });
  const fired = page.fired.length;
  const el = page.el("a");
  page.socket.lose();
  assert.ok(el.hasAttribute("data-stream-active"), "while it is away the stream is open");
  page.clock.pass(1000);
  page.socket.open();
  assert.deepEqual(page.heard, [
    { type: "hello", caps: CAPS, limits: { window: 64 }, view: { name: "Chat", params: {} }, resume: { session: ALL.session, cursors: { a: 2, b: 9 }, view: 5, attempt: 1 } },
  ]);
  page.say({ ...ALL, resumed: { a: { how: "replay", seq: 4 }, b: { how: "replay", seq: 9 } } });
  page.say(frame("a", 3, text("a", "2"), done("a")), view("old", 5));
  assert.equal(el.textContent, "12");
  assert.equal(page.el("a"), el);
  assert.deepEqual(page.names().slice(fired), ["text", "done"]);
  assert.deepEqual(page.reports, []);
});

test("each resume has a greater attempt, answered or not (RES-21)", () => {
  const page = begun();
  const attempts = [1, 2, 3].map((number) => {
    page.socket.lose();
    page.clock.pass(2000);
    page.socket.open();
    const [{ resume }] = page.heard;
    if (number == 2) page.say({ ...ALL, resumed: {} });
    return resume.attempt;
  });
  assert.deepEqual(attempts, [1, 2, 3]);
});

test("an empty map of cursors: nothing was applied", () => {
  const page = begun();
  page.socket.lose();
  page.clock.pass(1000);
  page.socket.open();
  assert.deepEqual(page.heard[0].resume, { session: ALL.session, cursors: {}, attempt: 1 });
});

test("if no welcome arrives, the next hello resumes again", () => {
  const page = begun();
  page.say(frame("a", 1, start("a")));
  back(page, null);
  page.clock.pass(10_000 + 2000);
  page.socket.open();
  assert.deepEqual(page.heard[0].resume.cursors, { a: 1 });
});

test("a new session id ends what is open: expired, contents stay, cursors, version and cancels are forgotten (RES-14)", async () => {
  const page = begun();
  page.say(view(PAGE, 5), frame("a", 1, start("a"), text("a", "x")), frame("b", 1, start("b"), error("b", "Busy")));
  page.client.cancel("a");
  const lost = page.client.push("ask");
  back(page, OTHER);
  assert.deepEqual(page.fired.slice(-2).map(({ type, stream, reason }) => [type, stream, reason]), [["done", "a", "expired"], ["done", "b", "expired"]]);
  assert.equal(page.el("a").textContent, "x");
  assert.equal(page.el("a").hasAttribute("data-stream-active"), false);
  await assert.rejects(lost, { code: "resume_failed" });
  assert.deepEqual(page.heard.slice(1), []);
  page.say(view(`<p dj-stream="a">new</p>`, 1, { a: { seq: 0, state: "idle" } }), frame("a", 1, start("a")));
  assert.equal(page.el("a").textContent, "new");
  back(page, { ...OTHER, resumed: { a: { how: "replay", seq: 1 } } });
  assert.deepEqual(page.heard, [{ type: "hello", caps: CAPS, limits: { window: 64 }, resume: { session: OTHER.session, cursors: { a: 1, b: 0 }, view: 1, attempt: 2 } }]);
});

test("unanswered events are sent again under the same ref, then cancels, then what waited (RES-13, FLW-13)", async () => {
  const page = begun();
  page.say(frame("a", 1, start("a")), frame("b", 1, start("b")));
  const [first, second] = ["one", "two"].map((name) => page.client.push(name, { name }));
  page.say({ type: "reply", ref: 1, ok: true });
  page.client.push("three");
  page.client.cancel("a");
  page.client.cancel("b");
  page.say(frame("b", 2, done("b", "cancelled")));
  page.socket.lose();
  page.client.push("four");
  page.clock.pass(1000);
  page.open({ ...ALL, resumed: { a: { how: "replay", seq: 1 }, b: { how: "replay", seq: 2 } } });
  assert.deepEqual(page.heard.slice(1), [
    { type: "event", ref: 2, event: "two", params: { name: "two" } },
    { type: "event", ref: 3, event: "three", params: {} },
    { type: "cancel", stream: "a", run: 1 },
    { type: "event", ref: 4, event: "four", params: {} },
  ]);
  page.say({ type: "reply", ref: 2, ok: true });
  await Promise.all([first, second]);
  page.say(frame("a", 2, done("a", "cancelled"), start("a", 3)));
  back(page, { ...ALL, resumed: { a: { how: "replay", seq: 3 } } });
  assert.deepEqual(page.heard.slice(1).map(({ type, ref }) => [type, ref]), [["event", 3], ["event", 4]], "a cancel is answered when its run has ended");
});

test("a cancel while the connection is lost is sent after the resume", () => {
  const page = begun();
  page.say(frame("a", 1, start("a")));
  page.socket.lose();
  page.client.cancel("a");
  page.clock.pass(1000);
  page.open({ ...ALL, resumed: { a: { how: "replay", seq: 1 } } });
  assert.deepEqual(page.heard.slice(1), [{ type: "cancel", stream: "a", run: 1 }]);
});

const GONE = { ...ALL, resumed: { a: { how: "gone", seq: 40 }, c: { how: "gone", seq: 3 } } };

test("gone closes the run, and the next frame may begin beyond the cursor with a start, once (RES-17)", () => {
  const page = begun();
  page.say(frame("a", 1, start("a"), text("a", "x"), error("a", "Busy")));
  page.client.cancel("a");
  back(page, GONE);
  assert.deepEqual([page.fired.at(-1).type, page.fired.at(-1).reason], ["done", "expired"]);
  assert.equal(page.heard.length, 1, "its cancel is answered");
  assert.equal(page.el("a").textContent, "x");
  assert.equal(page.client.streams.a.cursor, 40);
  page.say(frame("a", 40, start("a")));
  assert.equal(page.client.streams.a.state, "idle", "a repeat is one as always");
  page.say(frame("a", 52, start("a", 52), text("a", "y")), frame("c", 4, start("c", 4)));
  assert.deepEqual([page.el("a").textContent, page.client.streams.a.cursor, page.client.streams.c.cursor], ["xy", 53, 4]);
  assert.deepEqual(page.reports, []);
  page.say(frame("a", 60, done("a")));
  assert.deepEqual(page.kinds(), ["gap"]);
});

for (const [what, bad, kind] of [
  ["text right behind the cursor", frame("a", 41, text("a", "x")), "transition"],
  ["text beyond the cursor", frame("a", 50, text("a", "x")), "gap"],
  ["an unknown op beyond the cursor", frame("a", 50, { op: "later", target: "#x" }), "gap"],
  ["a start that overlaps", frame("a", 40, start("a", 40), text("a", "x")), "overlap"],
])
  test(`after gone, ${what} is a ${kind} (RES-17)`, () => {
    const page = begun();
    page.say(frame("a", 1, start("a")));
    back(page, GONE).say(bad);
    assert.deepEqual(page.kinds(), [kind]);
  });

test("a view with the stream in its map ends gone too (RES-17)", () => {
  const page = begun();
  page.say(view(PAGE, 1), frame("a", 1, start("a"), text("a", "x")));
  back(page, GONE);
  page.say(view(`<p dj-stream="a">now</p>`, 2, { a: { seq: 45, state: "open", run: 42 } }), frame("a", 46, text("a", "!")));
  assert.equal(page.el("a").textContent, "now!");
  page.say(frame("a", 60, start("a", 60)));
  assert.deepEqual(page.kinds(), ["gap"]);
});

test("a view without it leaves it gone (RES-17)", () => {
  const page = begun();
  page.say(view(PAGE, 1), frame("a", 1, start("a"), text("a", "x")));
  back(page, GONE).say(view(PAGE, 2), frame("a", 60, start("a", 60), text("a", "y")));
  assert.equal(page.el("a").textContent, "xy");
  assert.deepEqual(page.reports, []);
});

test("the client takes over what a view shows after a resume (RES-18)", () => {
  const page = begun();
  page.say(view(PAGE, 1), frame("a", 1, start("a"), text("a", "x")));
  back(page, { ...ALL, resumed: { a: { how: "view", seq: 30 } } });
  page.say(view(`<p dj-stream="a">whole</p>`, 2, { a: { seq: 31, state: "open", run: 1 } }), frame("a", 32, text("a", "!")));
  assert.equal(page.el("a").textContent, "whole!");
  assert.deepEqual(page.names(), ["start", "text", "text"], "the same run: nothing fires again");
});

test("resumed of another shape is a violation; what is unknown in it is not (CLI-20, FWD-4)", () => {
  for (const resumed of [[], { a: 1 }, { a: { how: "view" } }, { a: { seq: 1 } }, { a: { how: "view", seq: -1 } }, { "1st": { how: "view", seq: 1 } }]) {
    const page = back(begun(), { ...ALL, resumed });
    assert.deepEqual(page.kinds(), ["malformed"], JSON.stringify(resumed));
  }
  const page = back(begun(), { ...ALL, resumed: { a: { how: "later", seq: 0, x: 1 } }, x: 1 });
  assert.deepEqual([page.client.counts.member, page.client.counts.value, page.reports], [2, 1, []]);
});

test("after a violation it resumes once; after the same violation it starts a new session (RES-19)", () => {
  const page = begun();
  const gap = frame("a", 9, text("a", "x"));
  const again = { ...ALL, resumed: { a: { how: "replay", seq: 9 } } };
  page.say(frame("a", 1, start("a")), gap);
  page.clock.pass(1000);
  page.open(again);
  assert.deepEqual(page.heard[0].resume.cursors, { a: 1 });
  page.say("{");
  assert.equal(page.client.streams.a.state, "open");
  page.clock.pass(2000);
  page.open(again);
  assert.deepEqual(page.heard[0].resume.cursors, { a: 1 }, "another violation is another matter");
  page.say(gap);
  assert.deepEqual([page.fired.at(-1).reason, page.client.streams.a.state], ["expired", "idle"]);
  page.clock.pass(4000);
  page.open(OTHER);
  assert.equal("resume" in page.heard[0], false);
  page.say(frame("a", 1, start("a")), gap);
  page.clock.pass(8000);
  page.open({ ...OTHER, resumed: {} });
  assert.deepEqual(page.heard[0].resume, { session: OTHER.session, cursors: { a: 1 }, attempt: 3 }, "and that has a first time of its own");
});

for (const end of [(page) => page.socket.lose(4409), (page) => page.client.close(), (page) => (page.socket.lose(), page.client.close())])
  test(`if it does not reconnect, open runs end at once: ${end}`, async () => {
    const page = begun();
    page.say(frame("a", 1, start("a"), error("a", "Busy")));
    const lost = page.client.push("ask");
    end(page);
    assert.deepEqual([page.fired.at(-1).type, page.fired.at(-1).reason], ["done", "expired"]);
    await assert.rejects(lost, { code: "resume_failed" });
    page.clock.pass(60_000);
    assert.equal(page.sockets.length, 1);
  });

test("a client that is closed while disconnected leaves no alert", () => {
  const page = begun();
  page.say(frame("a", 1, start("a"), error("a", "Busy")));
  page.socket.lose();
  page.client.close();
  assert.equal(page.document.querySelector("[role=alert]"), null);
});

test("the text of a run is checked over a lost connection too (CLI-17)", async () => {
  const page = begun();
  page.say(frame("a", 1, start("a"), text("a", "na")));
  back(page, { ...ALL, resumed: { a: { how: "replay", seq: 4 } } });
  const text_sha256 = createHash("sha256").update("name").digest("hex");
  page.say(frame("a", 3, text("a", "me"), done("a", "complete", { text_len: 4, text_sha256 })));
  await settled(() => page.names().includes("integrity"));
  assert.equal(page.fired.at(-1).ok, true);
});
