// Events that the server would refuse are refused alone, before they are sent.
import assert from "node:assert/strict";
import { test } from "node:test";
import { frame, given, LIMITS, settled, start, text, welcomed, WELCOME } from "./helpers.js";

const events = ({ heard }) => heard.filter(({ type }) => type == "event");
const limited = (max_frame_bytes) => ({ welcome: { ...WELCOME, limits: { ...LIMITS, max_frame_bytes } } });
const cycle = {};
cycle.self = cycle;

for (const [what, params, code = "bad_params"] of [
  ["a BigInt", { n: 10n }],
  ["a cycle", cycle],
  ["a function", { f() {} }],
  ["a symbol in a list", { list: [Symbol("x")] }],
  ["NaN", { n: NaN }],
  ["an infinite number", { n: -Infinity }],
  ["an integer beyond 2^53 - 1", { n: 2 ** 53 }],
  ["a Map", { m: new Map([[1, 2]]) }],
  ["a typed array", { bytes: new Uint8Array([5]) }],
  ["a set, deep inside", { a: [{ b: new Set() }] }],
  ["a getter that throws", { get x() { throw new RangeError("no"); } }],
  ["a list", [1]],
  ["a text", "x"],
  ["null", null],
])
  test(`params with ${what} fail alone`, async () => {
    const page = welcomed(undefined, { welcome: { ...WELCOME, caps: ["resume"] } });
    const fine = page.client.push("before");
    await assert.rejects(page.client.push("never", params), (error) => error instanceof Error && error.code == code && error.message.length > 1);
    page.client.push("after");
    page.say(frame("answer", 1, start("answer"), text("answer", "on")), { type: "reply", ref: 1, ok: true });
    await fine;
    page.socket.lose();
    page.clock.pass(1000);
    page.socket.open();
    page.say({ ...WELCOME, caps: ["resume"], resumed: {} });
    assert.deepEqual(events(page).map(({ event }) => event), ["after"]);
    assert.equal(page.el("answer").textContent, "on");
    assert.deepEqual(page.kinds(), []);
  });

test("the name of an event is a text", async () => {
  for (const name of [undefined, 5, null, { toString: () => "x" }])
    await assert.rejects(welcomed().client.push(name), { code: "bad_params" });
});

test("what JSON can say is sent as JSON says it", () => {
  const page = welcomed();
  const date = new Date(0);
  page.client.push("e", { date, none: undefined, list: [undefined, null], own: new (class { a = 1; })(), most: 2 ** 53 - 1, small: 1.5, no: false });
  assert.deepEqual(events(page)[0].params, { date: "1970-01-01T00:00:00.000Z", list: [null, null], own: { a: 1 }, most: 2 ** 53 - 1, small: 1.5, no: false });
});

test("half of a surrogate pair becomes U+FFFD, in values and names; what only looks like one stays", () => {
  const page = welcomed();
  page.client.push("e", { a: "x\ud83d", "\udc00b": ["\udfff", "👍"], c: "\\ud83d", d: "\\\ud83d\\", e: "\ud83d\ud83d\ude00" });
  assert.deepEqual(events(page)[0].params, { a: "x\ufffd", "\ufffdb": ["\ufffd", "👍"], c: "\\ud83d", d: "\\\ufffd\\", e: "\ufffd😀" });
});

test("the copy is made at the call", () => {
  const page = given();
  const params = { list: [1] };
  page.client.push("e", params);
  params.list.push(2);
  page.open();
  assert.deepEqual(events(page)[0].params, { list: [1] });
});

const sizeOf = (ref, content) => Buffer.byteLength(JSON.stringify({ type: "event", ref, event: "send", params: { content } }));
for (const [what, letter] of [["letters", "x"], ["two bytes each", "é"], ["pairs", "😀"], ["escapes", '"']])
  test(`an event that is larger than the server takes fails alone (${what})`, async () => {
    const content = letter.repeat(50_000);
    const page = welcomed(undefined, limited(sizeOf(1, content)));
    page.client.push("send", { content });
    const large = page.client.push("send", { content: content + "x" });
    await assert.rejects(large, { code: "frame_too_large" });
    for (let ref = 3; ref < 10; ref++) page.client.push("send", { content });
    assert.equal(events(page).length, 8);
    await assert.rejects(page.client.push("send", { content }), { code: "frame_too_large" }, "ref 10 has one digit more");
    assert.deepEqual(page.kinds(), []);
    assert.equal(page.client.state, "open");
  });

test("what waited for the welcome fails when the limit is known, and what is behind it is sent", async () => {
  const page = given(undefined, limited(65_536));
  const large = page.client.push("send", { content: "x".repeat(70_000) });
  page.client.push("after");
  page.open();
  await assert.rejects(large, { code: "frame_too_large" });
  assert.deepEqual(events(page).map(({ event }) => event), ["after"]);
});

test("a form whose content is too large gets it back, and its element says why", async () => {
  const page = welcomed(`<form dj-submit="send" dj-reset><textarea name="content"></textarea></form>`, limited(65_536));
  const [form, area] = page.root.querySelectorAll("form,textarea");
  const refused = [];
  page.root.addEventListener("stream:refused", ({ target, detail }) => refused.push([target, detail.code]));
  area.value = "x".repeat(70_000);
  form.dispatchEvent(new page.window.Event("submit", { bubbles: true, cancelable: true }));
  await settled();
  assert.equal(area.value.length, 70_000);
  assert.deepEqual(refused, [[form, "frame_too_large"]]);
  assert.equal(form.getAttribute("aria-busy"), null);
});
