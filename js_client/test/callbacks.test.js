// The application's callbacks may throw, also in the middle of a frame. Nothing is lost or applied twice.
import assert from "node:assert/strict";
import { test } from "node:test";
import { frame, start, text, welcomed, WELCOME } from "./helpers.js";

const thrower = () => {
  throw new Error("a toast");
};

/** What is written to the console during `act`. */
function complaints(act) {
  const { error } = console;
  const told = [];
  console.error = (what) => told.push(what.message);
  try {
    act();
  } finally {
    console.error = error;
  }
  return told;
}

test("a report that throws in the middle of a frame stops none of it (CLI-5, CLI-19)", () => {
  const page = welcomed(undefined, { onReport: thrower });
  const told = complaints(() => {
    page.say(frame("answer", 1, start("answer"), text("answer", "a"), text("none", "x"), text("answer", "b")));
    page.say(frame("answer", 5, text("answer", "c")));
  });
  assert.equal(page.el("answer").textContent, "abc");
  assert.equal(page.client.streams.answer.cursor, 5);
  assert.deepEqual(told, ["a toast"]);
});

test("a violation closes the connection, whatever its report throws (CLI-3)", () => {
  const page = welcomed(undefined, { onReport: thrower });
  complaints(() => page.say(frame("answer", 9, text("answer", "a gap"))));
  assert.deepEqual(page.sockets[0].closed, { code: 4400, reason: "bad_frame" });
  assert.equal(page.client.state, "waiting");
});

test("callbacks that see frames and states may throw as well", () => {
  const told = complaints(() => {
    const page = welcomed(undefined, { onFrame: thrower, onState: thrower });
    page.say(frame("answer", 1, start("answer"), text("answer", "w")));
    assert.equal(page.el("answer").textContent, "w");
    assert.equal(page.client.state, "open");
  });
  assert.ok(told.length > 3, "hello, welcome, the frame, and the states");
});

test("params that are not JSON fail at once, and a resume does not send them (RES-13)", async () => {
  const page = welcomed(undefined, { welcome: { ...WELCOME, caps: ["resume"] } });
  const params = { list: [1] };
  page.client.push("later", params);
  params.list.push(2); // the resend has the params of the first sending
  await assert.rejects(page.client.push("never", { n: 10n }), { code: "bad_params" });
  await assert.rejects(page.client.push("never", () => {}), { code: "bad_params" });
  page.socket.lose();
  page.clock.pass(1000);
  page.socket.open();
  page.say({ ...WELCOME, caps: ["resume"], resumed: {} });
  assert.deepEqual(page.heard.slice(1).map(({ event, params }) => [event, params]), [["later", { list: [1] }]]);
  assert.equal(page.client.state, "open");
});

test("aria-busy=false in a page counts as not busy (CLI-10)", () => {
  const page = welcomed(`<p dj-stream="answer" aria-busy="false"></p>`);
  page.say(frame("answer", 1, start("answer")));
  assert.equal(page.el("answer").getAttribute("aria-busy"), "true");
});
