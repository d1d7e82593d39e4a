// Messages that wait for code, one of which throws: those behind it are applied all the same.
import assert from "node:assert/strict";
import { test } from "node:test";
import { frame, given, settled, start, text, view } from "./ends.js";

test("a message that throws does not stop the messages that wait behind it", async () => {
  let time = 0;
  const page = given(`<p dj-stream="answer"></p>`, { now: () => (time += 8) }).open();
  page.socket.send = (sent) => {
    if (sent.includes("pong")) throw new Error("the socket is full");
  };
  const letters = [..."abcdef"].map((letter, i) => frame("answer", i + 2, text("answer", letter)));
  page.say(view(`<p dj-stream="answer"></p>`, 1), frame("answer", 1, start("answer")), ...letters, { type: "ping" });
  page.say(frame("answer", 8, text("answer", "g")));
  await settled(() => page.el("answer").hasAttribute("data-stream-active"));
  const slices = () => {
    for (let slice = 0; slice < 20; slice++) page.clock.pass(0);
  };
  assert.throws(slices, { message: "the socket is full" });
  assert.equal(page.el("answer").textContent, "abcdef");
  slices();
  assert.equal(page.el("answer").textContent, "abcdefg");
});
