// Views that arrive before the code that shows them: messages wait for it, in order.
import assert from "node:assert/strict";
import { test } from "node:test";
import { frame, given, settled, start, text, view, WELCOME } from "./ends.js";

const PAGE = `<p dj-stream="answer"></p>`;
const VIEW = `<h1>Hi</h1><p dj-stream="answer"></p>`;
const FATAL = { type: "error", code: "app_error", error: "no", fatal: true, retryable: false };
const begun = (options) => given(PAGE, options).open();

test("without views nothing waits", () => {
  const page = given(PAGE, { welcome: { ...WELCOME, caps: ["html"] } }).open();
  page.say(frame("answer", 1, start("answer"), text("answer", "Hi")));
  assert.equal(page.el("answer").textContent, "Hi");
});

test("messages that arrive during loading take effect afterwards, in order and completely, unless the connection was dropped", async () => {
  // the module is loaded only once, so one test looks at all cases
  let time = 0;
  const [page, dropped, long] = [begun(), begun(), begun({ now: () => (time += 8) })];
  const letters = [..."abcdefghij"].map((letter, i) => frame("answer", i + 2, text("answer", letter)));
  long.say(frame("answer", 1, start("answer")), ...letters);
  for (const each of [page, dropped]) each.say(view(VIEW, 1), frame("answer", 1, start("answer"), text("answer", "Hi")));
  page.say(FATAL);
  page.socket.lose(4500);
  dropped.clock.pass(80000); // nothing arrives
  assert.equal(dropped.sockets[0].closed.code, 4504);
  dropped.socket.open();
  assert.deepEqual([page.root.innerHTML, page.client.state], [PAGE, "open"]);
  await settled(() => page.client.state == "closed");
  assert.equal(page.root.innerHTML, `<h1>Hi</h1><p dj-stream="answer">Hi</p>`);
  assert.deepEqual(page.names(), ["start", "text", "done"]);
  assert.deepEqual(page.kinds(), ["server"]);
  assert.equal(page.client.state, "closed"); // the error was read before the close
  assert.deepEqual([dropped.root.innerHTML, dropped.names(), dropped.sockets.length], [PAGE, [], 2]);
  dropped.say(WELCOME, view(VIEW, 1)); // and nothing waits
  assert.equal(dropped.root.innerHTML, VIEW);

  assert.match(long.el("answer").textContent, /^a?b?c?$/, "some at a time");
  long.say(frame("answer", 12, text("answer", "k"))); // and this does not overtake these
  for (let i = 0; i < 20; i++) long.clock.pass(0);
  assert.equal(long.el("answer").textContent, "abcdefghijk");
  assert.deepEqual(long.kinds(), []);
});
