// Chapters 4 and 5: numbers and transitions. Chapters 2 and 15: shapes, and what is unknown.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sessionOf } from "../src/session.js";
import { at, done, error, frame, LIMITS, start, text, view, WELCOME, welcomed } from "./helpers.js";

const broken = { code: 4400, reason: "bad_frame" };

test("the cursor moves when the whole frame has been applied (CLI-19)", () => {
  const page = welcomed();
  page.say(frame("answer", 1, start("answer"), text("answer", "a")), { ...frame("answer", 3, text("answer", "bcd")), n: 3 });
  assert.deepEqual(page.fired.map(({ type, cursor }) => [type, cursor]), [["start", 0], ["text", 0], ["text", 2]]);
  assert.equal(page.client.streams.answer.cursor, 5);
});

test("a frame wholly at or below the cursor changes nothing and fires nothing (CLI-2)", () => {
  const page = welcomed();
  const first = frame("answer", 1, start("answer"), text("answer", "a"), done("answer"));
  page.say(first, first, frame("answer", 2, text("answer", "a")));
  assert.equal(page.el("answer").textContent, "a");
  assert.deepEqual(page.names(), ["start", "text", "done"]);
  assert.deepEqual(page.reports, []);
});

for (const [kind, bad] of [
  ["gap", frame("answer", 4, text("answer", "x"))],
  ["overlap", frame("answer", 2, text("answer", "x"), text("answer", "y"))],
  ["transition", frame("answer", 3, text("answer", "x"), start("answer", 4))],
  ["malformed", { ...frame("answer", 3, text("answer", "x")), seq: "3" }],
]) {
  test(`a ${kind} is reported and answered by close 4400, and the client reconnects (CLI-3, CLI-20, CLI-25)`, () => {
    const page = welcomed();
    page.say(frame("answer", 1, start("answer"), text("answer", "a")));
    page.say(bad, frame("answer", 3, text("answer", "never")));
    assert.deepEqual(page.kinds(), [kind]);
    assert.equal(page.reports[0].stream, "answer");
    assert.equal(page.el("answer").textContent, "a", "a broken frame changes nothing");
    assert.deepEqual(page.sockets[0].closed, broken);
    page.clock.pass(1000);
    assert.equal(page.sockets.length, 2);
    page.open();
    assert.equal(page.heard[0].type, "hello");
    page.say(frame("answer", 1, start("answer"), text("answer", "b")));
    assert.equal(page.el("answer").textContent, "ab", "content stays, numbers start again");
  });
}

test("the transitions are those of the wire table", () => {
  const ops = { start: start("a"), text: text("a", "x"), error: error("a"), done: done("a") };
  const before = { idle: [], open: ["start"], errored: ["start", "error"] };
  const allowed = { idle: ["start"], open: ["text", "error", "done"], errored: ["text", "error", "done"] };
  for (const [state, path] of Object.entries(before)) {
    for (const name of Object.keys(ops)) {
      let closes = false;
      const nothing = () => {};
      const session = sessionOf({}, { send: nothing, report: nothing, message: nothing, welcome: nothing, view: nothing, op: nothing, integrity: nothing, close: () => (closes = true), frame: (ops, act) => act() });
      session.message(JSON.stringify(WELCOME));
      for (const [i, step] of [...path, name].entries()) session.message(JSON.stringify(frame("a", i + 1, ops[step])));
      assert.equal(!closes, allowed[state].includes(name), `${name} in ${state}`);
    }
  }
});

test("known frames with a missing or mistyped member are violations (CLI-20)", () => {
  const good = frame("a", 1, start("a"), text("a", "x"));
  const changed = (frame, change) => {
    const copy = structuredClone(frame);
    change(copy);
    return copy;
  };
  const bad = [
    "no json", "[]", "null", "3", '"x"', "{}", '{"type": 3}',
    ...["stream", "seq", "n", "ops"].map((member) => changed(good, (f) => delete f[member])),
    changed(good, (f) => (f.stream = "1st")), changed(good, (f) => (f.seq = 0)), changed(good, (f) => (f.seq = 1.5)), changed(good, (f) => (f.n = "2")),
    changed(good, (f) => (f.ops = {})), changed(good, (f) => (f.ops[0] = [])), changed(good, (f) => delete f.ops[0].op),
    changed(good, (f) => delete f.ops[0].run), changed(good, (f) => delete f.ops[1].mode), changed(good, (f) => (f.ops[1].text = 3)),
    changed(good, (f) => delete f.ops[1].target), changed(good, (f) => (f.ops = [])),
    { type: "reply", ref: 1 }, { type: "reply", ref: 1, ok: false }, { type: "reply", ref: "1", ok: true }, { type: "reply", ref: 1, ok: false, error: { code: "x_y" } },
    view("", 0), { type: "view", html: "", version: 1 }, view("", 1, { a: { seq: 1 } }), view("", 1, { a: { seq: 4, state: "open" } }),
    view("", 1, { a: { seq: 4, state: "errored", run: 2 } }), view("", 1, { "1st": { seq: 0, state: "idle" } }), view("", 1, []),
    { type: "error", code: "internal", error: "x" }, { type: "error", code: "internal", error: "x", fatal: "yes" },
    { type: "ping", t: 3 }, { ...WELCOME, limits: {} }, { ...WELCOME, limits: { ...LIMITS, max_events: "60" } }, { ...WELCOME, caps: "html" }, { ...WELCOME, heartbeat_ms: 0 },
  ];
  for (const frame of bad) {
    const page = welcomed(`<p dj-stream="a"></p>`);
    page.say(frame);
    assert.deepEqual(page.kinds(), ["malformed"], JSON.stringify(frame));
    assert.deepEqual(page.sockets[0].closed, broken);
  }
  const page = welcomed(`<p dj-stream="a"></p>`);
  page.say(good);
  assert.deepEqual(page.reports, []);
});

test("a message that is not text is a violation", () => {
  const page = welcomed();
  page.socket.onmessage({ data: new ArrayBuffer(2) });
  assert.deepEqual(page.kinds(), ["malformed"]);
});

test("what is unknown is ignored and counted (FWD-4)", () => {
  const page = welcomed(`<p dj-stream="a"></p><p dj-stream="b">b</p>`);
  page.say({ ...frame("a", 1, { ...start("a"), colour: "red" }, { op: "hologram" }, text("a", "x")), trace: "t" });
  page.say({ type: "gaze", x: 3 }, { type: "reply", ref: 9, ok: true, x: 1 });
  page.say(frame("a", 4, text("a", "y", "sideways"), done("a", "bored", { text_len: 2 })));
  page.say(view(`<p dj-stream="a"></p>`, 1, { a: { seq: 5, state: "idle", mood: 1 } }));
  page.say({ type: "error", code: "teapot", error: "a remark", fatal: false }, { type: "error", code: "x_mine", error: "a remark", fatal: false });
  assert.deepEqual(page.client.counts, { member: 4, frame: 1, op: 1, value: 2 });
  assert.equal(page.client.state, "open");
  assert.deepEqual(page.kinds(), ["unknown_op", "server", "server"]);
  assert.equal(page.fired.find(({ type }) => type == "done").reason, undefined, "as it would be without it");
});

test("a text of unknown mode is appended", () => {
  const page = welcomed();
  page.say(frame("answer", 1, start("answer"), text("answer", "a"), text("answer", "b", "sideways")));
  assert.equal(page.el("answer").textContent, "ab");
});

test("unknown ops leave the numbers intact", () => {
  const page = welcomed();
  page.say(frame("answer", 1, start("answer"), { op: "constructor", target: at("answer") }), frame("answer", 3, text("answer", "a")));
  assert.equal(page.el("answer").textContent, "a");
});
