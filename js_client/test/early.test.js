// What is heard and pushed before the code of a reader is there: nothing is lost, reordered, or left to the browser. The
// code is loaded only once in a process, so one test looks at all cases.
import assert from "node:assert/strict";
import { test } from "node:test";
import { frame, given, settled, start, text, WELCOME } from "./ends.js";

const PAGE = `<form dj-submit="send" dj-reset><input name="content" value=""></form><a href="#x" dj-click="go" data-id="7">x</a><input name="q" dj-keydown="key" dj-key="Enter"><select dj-change="pick" name="s" multiple><option selected>a<option selected>b</select>`;

function fire(page, selector, type, init = {}) {
  const { Event, KeyboardEvent } = page.window;
  const event = new (type == "keydown" ? KeyboardEvent : Event)(type, { bubbles: true, cancelable: true, ...init });
  page.root.querySelector(selector).dispatchEvent(event);
  return event.defaultPrevented;
}
const events = ({ heard }) => heard.filter(({ type }) => type == "event").map(({ event, params }) => [event, params]);

test("events before the code is there are prevented at once and sent in order; so are pushes", async () => {
  const page = given(PAGE, { welcome: { ...WELCOME, caps: [] } }).open();
  const closed = given(PAGE).open();
  const [box] = page.root.querySelectorAll("[name=content]");
  box.value = "one";
  assert.equal(fire(page, "form", "submit"), true);
  box.value = "two"; // the form says what it held, and what was typed since stays
  page.client.push("own", { n: 1 });
  assert.equal(fire(page, "a", "click"), true);
  assert.equal(fire(page, "[name=q]", "keydown", { key: "Enter", isComposing: true }), false);
  assert.equal(fire(page, "[name=q]", "keydown", { key: "a" }), false);
  assert.equal(fire(page, "[name=q]", "keydown", { key: "Enter" }), true);
  fire(page, "select", "change");
  assert.deepEqual(events(page), [], "the code is not there");
  page.say(frame("answer", 1, start("answer"), { ...text("answer", "x"), target: "#none" }));
  assert.deepEqual(page.client.streams.answer?.cursor, 2, "nor does any frame wait for it");

  const lost = closed.client.push("never");
  closed.client.close();
  fire(closed, "a", "click");
  await assert.rejects(lost, { code: "resume_failed" });
  assert.deepEqual(events(closed), []);

  await settled(() => events(page).length);
  const key = { key: "Enter", field: "q", value: "" };
  assert.deepEqual(events(page), [["send", { content: "one" }], ["own", { n: 1 }], ["go", { id: "7" }], ["key", key], ["pick", { field: "s", value: ["a", "b"] }]]);
  assert.equal(box.value, "two");
  assert.equal(page.root.getAttribute("data-stream-connection"), "open");
  assert.deepEqual(page.kinds(), ["missing_target"]);
});
