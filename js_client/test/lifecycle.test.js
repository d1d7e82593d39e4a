// Chapters 4 and 13: markers, alerts and events.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { at, done, error, frame, html, settled, start, text, view, welcomed } from "./helpers.js";

const P = `<p dj-stream="answer" class="box" data-loading-class="is-streaming loud"></p>`;
const alerts = ({ document }) => [...document.querySelectorAll("[role=alert]")].map((el) => el.textContent);
const markers = (el) => [el.hasAttribute("data-stream-active"), el.getAttribute("aria-busy"), el.className, el.hasAttribute("data-stream-error")];
const OPEN = [true, "true", "box is-streaming loud", false];
const IDLE = [false, null, "box", false];
const ERRORED = [false, null, "box", true];

test("the active marker is set exactly in state open, the error marker exactly while an error is shown (CLI-10)", () => {
  const page = welcomed(P);
  assert.deepEqual(markers(page.el("answer")), IDLE);
  for (const [op, expected] of [
    [start("answer"), OPEN], [text("answer", "a"), OPEN], [error("answer"), ERRORED], [text("answer", "b"), OPEN],
    [error("answer"), ERRORED], [done("answer", "error"), ERRORED], [start("answer", 7), OPEN], [done("answer"), IDLE],
  ]) {
    const { cursor } = page.client.streams.answer || { cursor: 0 };
    page.say(frame("answer", cursor + 1, op));
    assert.deepEqual(markers(page.el("answer")), expected, JSON.stringify(op));
  }
});

test("classes that are removed leave no empty attribute", () => {
  const page = welcomed(`<p dj-stream="answer" data-loading-class="on"></p>`);
  page.say(frame("answer", 1, start("answer"), done("answer")));
  assert.equal(page.root.innerHTML, `<p dj-stream="answer" data-loading-class="on"></p>`);
});

test("an svg element keeps its class, and gets no empty one", () => {
  const page = welcomed(`<svg><g dj-stream="answer"></g><g dj-stream="b" class="c" data-loading-class="on"></g></svg>`);
  page.say(frame("answer", 1, start("answer"), done("answer")), frame("b", 1, start("b")));
  assert.equal(page.el("b").getAttribute("class"), "c on");
  page.say(frame("b", 2, done("b")));
  assert.equal(page.root.innerHTML, `<svg><g dj-stream="answer"></g><g dj-stream="b" class="c" data-loading-class="on"></g></svg>`);
});

test("an error is shown as an alert outside of the root, and the content stays (CLI-9)", () => {
  const page = welcomed(P);
  page.say(frame("answer", 1, start("answer"), text("answer", "a"), error("answer", "<b>Busy</b>")));
  assert.deepEqual(alerts(page), ["<b>Busy</b>"]);
  assert.equal(page.root.querySelector("[role=alert]"), null);
  const alert = page.document.querySelector("[role=alert]");
  assert.equal(alert.className, "stream-error");
  assert.equal(alert.dataset.streamErrorFor, "answer");
  assert.equal(page.root.nextElementSibling, alert);
  assert.equal(page.el("answer").textContent, "a");
  assert.deepEqual([page.client.streams.answer.error, page.client.streams.answer.code], ["<b>Busy</b>", "upstream_error"]);
  page.say(frame("answer", 4, error("answer", "Still busy")));
  assert.deepEqual(alerts(page), ["Still busy"]);
  page.say(frame("answer", 5, text("answer", "b")));
  assert.deepEqual(alerts(page), []);
  assert.equal(page.client.streams.answer.error, undefined);
});

test("a page may choose where a stream's error is shown, but not inside a stream", () => {
  const page = welcomed(`${P}<div data-stream-error-for="answer"></div><p dj-stream="b"><i data-stream-error-for="b"></i></p>`);
  page.say(frame("answer", 1, start("answer"), error("answer", "Busy")), frame("b", 1, start("b"), error("b", "Gone")));
  const place = page.root.querySelector("div");
  assert.deepEqual([place.textContent, place.getAttribute("role")], ["Busy", "alert"]);
  assert.equal(page.root.querySelector("i").textContent, "");
  assert.deepEqual(alerts(page), ["Busy", "Gone"]);
  page.say(view(`${P}<div data-stream-error-for="answer"></div>`, 1));
  assert.equal(page.root.querySelector("div").textContent, "Busy");
  page.say(frame("answer", 3, done("answer", "error"), start("answer", 4)));
  assert.equal(page.root.querySelector("div").textContent, "");
});

test("a view does not change a shown alert, so that it is announced once", () => {
  const content = (title) => `<h1>${title}</h1>${P}<section><div data-stream-error-for="answer"></div></section>`;
  const page = welcomed(content("1"));
  page.say(frame("answer", 1, start("answer"), error("answer", "Busy")));
  const place = page.root.querySelector("[role=alert]");
  const observer = new page.window.MutationObserver(() => {});
  observer.observe(page.root, { subtree: true, childList: true, characterData: true, attributes: true });
  page.say(view(content("2"), 1));
  const touched = observer.takeRecords().filter(({ target, addedNodes, removedNodes }) => place.contains(target) || [...addedNodes, ...removedNodes].some((node) => node.contains(place)));
  assert.deepEqual(touched, []);
  assert.equal(page.root.querySelector("[role=alert]"), place);
  assert.equal(page.root.querySelector("h1").textContent, "2");
  page.say(view(content("3"), 2, { answer: { seq: 2, state: "open", run: 1 } }));
  assert.deepEqual(alerts(page), [""]);
  page.say(view("<h1>4</h1>", 3));
  assert.deepEqual(alerts(page), []);
});

test("an element that is added later gets the markers", () => {
  const page = welcomed(`<ul dj-stream="list"></ul>`);
  page.say(frame("answer", 1, start("answer")));
  page.say(frame("list", 1, start("list"), html("list", "append", `<li>${P}</li>`)));
  assert.deepEqual(markers(page.el("answer")), OPEN);
  page.say(view(`<main>${P}</main>`, 1, {}));
  assert.deepEqual(markers(page.el("answer")), OPEN);
});

test("events fire on the target, once each and in order, with their details (CLI-11, CLI-23)", () => {
  const page = welcomed(`<ul dj-stream="list"><li id="x">x</li></ul>`);
  const x = page.document.getElementById("x");
  page.say(
    frame("list", 1, start("list"), text("list", "t"), html("list", "replace", `<li id="x">y</li>`), html("list", "append", "<li>z</li>"), html("list", "prepend", "<li>0</li>")),
    frame("list", 6, { op: "prune", target: at("list"), limit: 2, edge: "top" }, { op: "delete", target: "#x" }, error("list"), done("list", "error")),
  );
  assert.notEqual(x, null);
  assert.deepEqual(page.names(), ["start", "text", "update", "update", "update", "prune", "remove", "error", "done"]);
  assert.ok(page.fired.every(({ stream, run, op }) => stream == "list" && run == 1 && op));
  assert.ok(page.fired.every(({ type, target }) => (type == "remove" ? target.id == "x" : target == page.el("list"))));
  assert.deepEqual(page.fired.map(({ seq }) => seq), [1, 1, 1, 1, 1, 6, 6, 6, 6]);
  const [failed, ended] = page.fired.slice(-2);
  assert.deepEqual([failed.error, failed.code, ended.reason], ["The model is busy", "upstream_error", "error"]);
});

test("events of a stream without an element fire on the root", () => {
  const page = welcomed("");
  page.say(frame("answer", 1, start("answer"), done("answer")));
  assert.deepEqual(page.fired.map(({ type, target }) => [type, target]), [["start", page.root], ["done", page.root]]);
  assert.deepEqual(page.reports, []);
});

const sha256 = (text) => createHash("sha256").update(text).digest("hex");

test("the text of a whole run is checked after done, which does not wait for it (CLI-17)", async () => {
  const page = welcomed();
  const proof = { text_len: 8, text_sha256: sha256("0naïve 🙂") };
  page.say(frame("answer", 1, start("answer"), text("answer", "gone"), text("answer", "na", "replace"), text("answer", "ïve 🙂"), text("answer", "0", "prepend"), done("answer", "complete", proof)));
  assert.deepEqual(page.names().at(-1), "done");
  await settled(() => page.names().at(-1) == "integrity");
  const checked = page.fired.at(-1);
  assert.deepEqual([checked.type, checked.ok, checked.run, checked.target], ["integrity", true, 1, page.el("answer")]);
  page.say(frame("answer", 7, start("answer", 7), text("answer", "x"), done("answer", "complete", { text_len: 1, text_sha256: sha256("y") })));
  await settled(() => page.names().at(-1) == "integrity");
  assert.equal(page.fired.at(-1).ok, false);
});

test("a run with anything but text on its target is not checked", async () => {
  const page = welcomed();
  page.say(frame("answer", 1, start("answer"), html("answer", "append", "x"), done("answer", "complete", { text_len: 0, text_sha256: sha256("") })));
  await settled();
  assert.deepEqual(page.names(), ["start", "update", "done"]);
});
