// Chapter 12: what a client does with a view.
import assert from "node:assert/strict";
import { test } from "node:test";
import { done, error, frame, html, start, text, view, welcomed } from "./helpers.js";

const bare = (root) => root.innerHTML.replace(/ (data-stream-active|data-stream-error|aria-busy)="[^"]*"/g, "");

test("the chapter's first example: a stream that is not listed keeps its live element (CLI-12)", () => {
  const page = welcomed("");
  const streams = { answer: { seq: 0, state: "idle" }, status: { seq: 0, state: "idle" } };
  page.say(view(`<h1>Chat</h1> <p dj-stream="answer"></p> <p dj-stream="status">ready</p>`, 1, streams));
  page.say(frame("answer", 1, start("answer"), text("answer", "Hello")));
  const live = page.el("answer");
  page.say(view(`<h1>Chat</h1> <p dj-stream="answer"></p> <p dj-stream="status">thinking</p>`, 2, { status: streams.status }));
  assert.equal(bare(page.root), `<h1>Chat</h1> <p dj-stream="answer">Hello</p> <p dj-stream="status">thinking</p>`);
  assert.equal(page.el("answer"), live);
  assert.ok(live.hasAttribute("data-stream-active"));
});

test("live elements stay the same objects wherever the html puts them, with all their content", () => {
  const content = `<div><p dj-stream="a"></p></div><section><p dj-stream="b"></p></section>`;
  const page = welcomed(content);
  page.say(frame("a", 1, start("a"), html("a", "append", `<b>1</b><i dj-stream="c"></i>`)), frame("b", 1, start("b"), text("b", "2")), frame("c", 1, start("c"), text("c", "3")));
  const [a, b, c] = ["a", "b", "c"].map(page.el);
  for (const [i, [given, expected]] of [
    [`<article><p dj-stream="b">?</p></article><p dj-stream="a"><i dj-stream="c">?</i></p>`, `<article><p dj-stream="b">2</p></article><p dj-stream="a"><b>1</b><i dj-stream="c">3</i></p>`],
    [`<p dj-stream="a"></p><p dj-stream="b"></p>`, `<p dj-stream="a"><b>1</b><i dj-stream="c">3</i></p><p dj-stream="b">2</p>`],
    [`<table><tbody><tr><td><p dj-stream="b"></p></td></tr></tbody></table><div><div><p dj-stream="a"></p></div></div>`, `<table><tbody><tr><td><p dj-stream="b">2</p></td></tr></tbody></table><div><div><p dj-stream="a"><b>1</b><i dj-stream="c">3</i></p></div></div>`],
    [`<div><p dj-stream="a"></p></div><section><p dj-stream="b"></p></section>`, `<div><p dj-stream="a"><b>1</b><i dj-stream="c">3</i></p></div><section><p dj-stream="b">2</p></section>`],
    [`<i dj-stream="c"></i><p dj-stream="a"></p>`, `<i dj-stream="c">3</i><p dj-stream="a"><b>1</b></p>`],
  ].entries()) {
    page.say(view(given, i + 1));
    assert.equal(bare(page.root), expected);
    assert.equal(page.el("a"), a);
    assert.equal(page.el("c"), c);
    if (expected.includes(`"b"`)) assert.equal(page.el("b"), b);
  }
  assert.deepEqual(page.reports, []);
});

test("a stream at cursor 0, or without a live element, takes the new one; dj-update=ignore always keeps it", () => {
  const page = welcomed(`<p dj-stream="a">old</p><p dj-stream="keep">mine</p>`);
  page.say(frame("b", 1, start("b")));
  page.say(view(`<p dj-stream="a">new</p><p dj-stream="b">new</p><p dj-stream="keep" dj-update="ignore">new</p>`, 1, { keep: { seq: 0, state: "idle" } }));
  assert.equal(bare(page.root), `<p dj-stream="a">new</p><p dj-stream="b">new</p><p dj-stream="keep">mine</p>`);
});

test("the document becomes the html, whatever it was before", () => {
  const parts = ["<p>a</p>", "text", "<!--c-->", `<ul id="u"><li>1</li><li id="l">2</li></ul>`, `<p class="x" title="y">b<i>c</i></p>`, `<svg viewBox="0 0 1 1"><a></a></svg>`, "<script>1</script>", `<template><b>t</b></template>`, `<input value="v" type="text">`, `<div dj-stream="s">s</div>`, `<b onclick="x()">k</b>`];
  const page = welcomed("");
  let seed = 7;
  const random = (n) => (seed = (seed * 48271) % 2147483647) % n;
  for (let version = 1; version < 400; version++) {
    const chosen = Array.from({ length: random(8) }, () => parts[random(parts.length)]);
    const html = chosen.map((part) => (random(4) ? part : `<div>${part}</div>`)).join("");
    page.say(view(html, version, { s: { seq: 0, state: "idle" } }));
    const expected = page.root.cloneNode(); // with what says how the connection is
    expected.innerHTML = html;
    assert.equal(page.root.innerHTML, expected.innerHTML);
    assert.ok(page.root.isEqualNode(expected));
  }
});

test("an old view changes nothing (CLI-22)", () => {
  const page = welcomed("");
  page.say(view("<p>3</p>", 3, { a: { seq: 5, state: "idle" } }), view("<p>2</p>", 2, {}), view("<p>3b</p>", 3, { a: { seq: 9, state: "idle" } }));
  assert.equal(page.root.innerHTML, "<p>3</p>");
  assert.equal(page.client.streams.a.cursor, 5);
});

test("states, runs, cursors and errors of the map become the client's (CLI-21)", () => {
  const page = welcomed("");
  page.say(view(`<p dj-stream="a">A</p><p dj-stream="b"></p>`, 1, { a: { seq: 17, state: "errored", run: 12, error: "Busy", code: "timeout" }, b: { seq: 3, state: "open", run: 3 } }));
  assert.deepEqual({ ...page.client.streams }, { a: { state: "errored", run: 12, cursor: 17, error: "Busy", code: "timeout" }, b: { state: "open", run: 3, cursor: 3, error: undefined, code: undefined } });
  assert.ok(page.el("a").hasAttribute("data-stream-error"));
  assert.ok(page.el("b").hasAttribute("data-stream-active"));
  page.say(frame("a", 18, text("a", "!"), done("a")), frame("b", 4, done("b")));
  assert.deepEqual(page.reports, []);
  assert.equal(page.el("a").textContent, "A!");
});

test("runs that the map shows and the client does not have fire their events (CLI-24)", () => {
  const page = welcomed(`<p dj-stream="a"></p>`);
  page.say(frame("a", 1, start("a"), text("a", "x")));
  const before = page.fired.length;
  page.say(view(`<p dj-stream="a">X</p>`, 1, { a: { seq: 17, state: "errored", run: 12, error: "Busy", code: "timeout" } }));
  assert.deepEqual(page.fired.slice(before).map(({ type, run, reason, error }) => [type, run, reason, error]), [["done", 1, "expired", undefined], ["start", 12, undefined, undefined], ["error", 12, undefined, "Busy"]]);
  page.say(view(`<p dj-stream="a">X</p>`, 2, { a: { seq: 17, state: "errored", run: 12, error: "Busy", code: "timeout" } }));
  page.say(view(`<p dj-stream="a">X</p>`, 3, { a: { seq: 18, state: "idle", error: "Busy", code: "timeout" } }));
  assert.deepEqual(page.fired.slice(before + 3).map(({ type, reason }) => [type, reason]), [["done", "expired"]]);
  page.say(view(`<p dj-stream="a">X</p>`, 4, { a: { seq: 40, state: "idle" } }));
  assert.equal(page.fired.length, before + 4, "runs that passed unseen fire nothing");
  assert.equal(page.document.querySelector("[role=alert]"), null);
});

test("typed text, the focus and matching nodes survive", () => {
  const page = welcomed(`<form><input name="q" value=""><textarea id="t"></textarea></form><p dj-stream="a"></p>`);
  const [input] = page.root.querySelectorAll("input");
  input.focus();
  input.value = "typed";
  page.document.getElementById("t").value = "more";
  page.say(view(`<h1>New</h1><form class="x"><input name="q" value=""><textarea id="t"></textarea></form>`, 1));
  assert.equal(page.root.querySelector("input"), input);
  assert.equal(page.document.activeElement, input);
  assert.equal(input.value, "typed");
  assert.equal(page.document.getElementById("t").value, "more");
  assert.equal(page.root.querySelector("form").className, "x");
});

test("matching nodes are not moved when others are added, removed or changed around them", () => {
  const page = welcomed(`<h1>1</h1> <form><input></form> <div>x</div> <p id="p"></p>`);
  const [form, input, p] = ["form", "input", "#p"].map((selector) => page.root.querySelector(selector));
  const observer = new page.window.MutationObserver(() => {});
  observer.observe(page.root, { childList: true });
  for (const [i, html] of [`<form><input></form> <div>x</div> <p id="p"></p>`, `<div>new</div><form><input></form> <b @click="x">1</b> <p id="p"></p>text`, `<!--c--><b @click="y">2</b><form><input></form><p id="p"></p>`].entries()) {
    page.say(view(html, i + 1));
    assert.equal(page.root.innerHTML, html);
    assert.deepEqual(["form", "input", "#p"].map((selector) => page.root.querySelector(selector)), [form, input, p]);
    assert.ok(observer.takeRecords().every(({ removedNodes }) => ![...removedNodes].includes(form)));
  }
});

test("the focus inside a live element that moves is kept", () => {
  const page = welcomed(`<p dj-stream="a"></p>`);
  page.say(frame("a", 1, start("a"), html("a", "append", `<input>`)));
  const input = page.root.querySelector("input");
  input.focus();
  page.say(view(`<section><p dj-stream="a"></p></section>`, 1));
  assert.equal(page.document.activeElement, input);
});

test("errors of streams survive views", () => {
  const page = welcomed(`<p dj-stream="a"></p>`);
  page.say(frame("a", 1, start("a"), error("a", "Busy")), view(`<h1></h1><p dj-stream="a"></p>`, 1));
  assert.ok(page.el("a").hasAttribute("data-stream-error"));
  assert.equal(page.document.querySelector("[role=alert]").textContent, "Busy");
});
