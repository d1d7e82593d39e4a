// Chapter 3, and content in chapter 13.
import assert from "node:assert/strict";
import { test } from "node:test";
import { at, done, frame, html, start, text, welcomed } from "./helpers.js";

test("text is literal (CLI-6)", () => {
  const { say, el } = welcomed();
  say(frame("answer", 1, start("answer"), text("answer", "<b>1 < 2</b> &lt;"), text("answer", "  ")));
  assert.equal(el("answer").textContent, "<b>1 < 2</b> &lt;  ");
  assert.equal(el("answer").children.length, 0);
});

test("appending and prepending leave existing nodes in place (CLI-7)", () => {
  const { say, el } = welcomed(`<p dj-stream="answer">a<b>b</b><i></i></p>`);
  const before = [...el("answer").childNodes];
  say(frame("answer", 1, start("answer"), text("answer", "c"), text("answer", "d"), text("answer", "0", "prepend")));
  assert.equal(el("answer").innerHTML, "0a<b>b</b><i></i>cd");
  for (const node of before) assert.equal(node.parentNode, el("answer"));
  assert.equal(el("answer").childNodes.length, 4, "neighbouring texts share a node");
});

test("a long text is held in several nodes, so that appending costs the same at any length", () => {
  const { say, el } = welcomed();
  say(frame("answer", 1, start("answer")));
  for (let i = 0; i < 20; i++) say(frame("answer", 2 + i, text("answer", "x".repeat(1000))));
  assert.equal(el("answer").textContent.length, 20000);
  assert.deepEqual([...el("answer").childNodes].map((node) => node.length), [5000, 5000, 5000, 5000]);
});

test("replacing removes all children, and an empty text adds none", () => {
  const { say, el } = welcomed(`<p dj-stream="answer">a<b>b</b></p>`);
  say(frame("answer", 1, start("answer"), text("answer", "new", "replace")));
  assert.equal(el("answer").innerHTML, "new");
  say(frame("answer", 3, text("answer", "", "replace")));
  assert.equal(el("answer").childNodes.length, 0);
});

test("html is parsed in the context of its target, each op for itself (CLI-8)", () => {
  const { say, root } = welcomed(`<table><tbody><tr dj-stream="row"></tr></tbody></table><p dj-stream="b"></p>`);
  say(frame("row", 1, start("row"), html("row", "append", "<td>1"), html("row", "prepend", "<td>0</td>"), html("row", "append", "<td>2")));
  assert.equal(root.querySelector("tr").innerHTML, "<td>0</td><td>1</td><td>2</td>");
  say(frame("b", 1, start("b"), html("b", "replace", "<b>x"), html("b", "append", "y")));
  assert.equal(root.querySelector("p").innerHTML, "<b>x</b>y");
});

test("prune counts element children only, from either edge", () => {
  const { say, el } = welcomed(`<p dj-stream="answer">a<i>1</i>b<i>2</i>c<i>3</i>d</p>`);
  const prune = (limit, edge) => ({ op: "prune", target: at("answer"), limit, edge });
  say(frame("answer", 1, start("answer"), prune(2, "top")));
  assert.equal(el("answer").innerHTML, "ab<i>2</i>c<i>3</i>d");
  say(frame("answer", 3, prune(1, "bottom"), prune(5, "top")));
  assert.equal(el("answer").innerHTML, "ab<i>2</i>cd");
});

test("#ID is looked up as an id: the first inside the root, wherever else it is used", () => {
  const content = `<p dj-stream="a"></p><i id="x.y:z">1</i><i id="x.y:z">2</i>`;
  const page = welcomed(content);
  const decoy = page.document.createElement("i");
  decoy.id = "x.y:z";
  page.document.body.prepend(decoy);
  page.say(frame("a", 1, start("a"), { op: "text", target: "#x.y:z", text: "!", mode: "append" }, { op: "delete", target: "#x.y:z" }));
  assert.equal(page.root.innerHTML.replace(/ (data-stream|aria)[^ >]*/g, ""), `<p dj-stream="a"></p><i id="x.y:z">2</i>`);
  assert.equal(decoy.textContent, "");
  assert.deepEqual(page.reports, []);
});

test("hostile targets are refused before they reach a query (CLI-13)", () => {
  const page = welcomed(`<p dj-stream="a">x</p>`, { page: `<p id="outside">o</p>` });
  const hostile = ["*", "body", "#a, body", "# x", "[dj-stream='a'], body", "[dj-stream=\"a\"]", "[dj-stream='a'] *", "#x>p", "", "#"];
  let asked = 0;
  for (const name of ["querySelector", "querySelectorAll"]) {
    const original = page.root[name];
    page.root[name] = (selector) => (hostile.includes(selector) && asked++, original.call(page.root, selector));
  }
  page.say(frame("a", 1, start("a"), ...hostile.map((target) => ({ op: "delete", target })), { op: "delete", target: "#outside" }));
  assert.deepEqual(page.kinds(), [...hostile.map(() => "target"), "missing_target"]);
  assert.equal(asked, 0);
  assert.equal(page.document.getElementById("outside").textContent, "o");
  assert.equal(page.client.streams.a.cursor, 12);
});

test("a lifecycle op that names another target takes effect on its stream", () => {
  const page = welcomed(`<p dj-stream="a">x</p><i id="x"></i>`);
  page.say(frame("a", 1, { op: "start", target: "#x", run: 1 }));
  assert.deepEqual(page.kinds(), []);
  assert.equal(page.client.streams.a.state, "open");
});

test("a delete of another stream's element is refused, and fires nothing (CLI-13)", () => {
  const page = welcomed(`<p dj-stream="a">x</p><p dj-stream="b">y</p>`);
  page.say(frame("a", 1, start("a"), { op: "delete", target: at("b") }));
  assert.deepEqual(page.kinds(), ["target"]);
  assert.deepEqual(page.names(), ["start"]);
  assert.equal(page.el("b").textContent, "y");
});

test("an op that fails is reported and does not stop the next (CLI-5)", () => {
  const page = welcomed();
  page.say(frame("answer", 1, start("answer"), { op: "delete", target: "#gone" }, { op: "hologram", z: 1 }, text("answer", "on")));
  assert.deepEqual(page.kinds(), ["missing_target", "unknown_op"]);
  assert.equal(page.el("answer").textContent, "on");
  assert.equal(page.client.streams.answer.cursor, 4);
});

test("the first element of a name in document order is the target, also if it is added later", () => {
  const page = welcomed(`<div id="top"></div><p dj-stream="a"></p><p dj-stream="a"></p>`);
  page.say(frame("a", 1, start("a"), text("a", "1")));
  page.say(frame("a", 3, { op: "append", target: "#top", html: `<p dj-stream="a" id="new"></p>` }, text("a", "2")));
  const [first, second, third] = page.root.querySelectorAll(at("a"));
  assert.deepEqual([first, second, third].map((el) => el.textContent), ["2", "1", ""]);
  assert.deepEqual([first, second, third].map((el) => el.hasAttribute("data-stream-active")), [true, false, false]);
  page.say(frame("a", 5, { op: "delete", target: "#new" }, text("a", "3"), done("a")));
  assert.equal(second.textContent, "13");
});

test("names such as constructor never reach a prototype (CLI-18)", () => {
  const names = ["constructor", "hasOwnProperty", "toString", "valueOf"];
  const page = welcomed(names.map((name) => `<p dj-stream="${name}"></p>`).join(""));
  for (const name of names) {
    page.say(frame(name, 1, start(name), text(name, name), { op: name, target: at(name) }));
    assert.equal(page.el(name).textContent, name);
    assert.equal(page.client.streams[name].cursor, 3);
  }
  page.say({ type: "constructor" }, { type: "toString" }, { type: "__proto__" });
  assert.equal(page.client.counts.frame, 3);
  assert.equal(page.client.counts.op, 4);
  assert.equal(Object.getPrototypeOf(page.client.streams), null);
  page.say(frame("__proto__", 1, start("a")));
  assert.deepEqual(page.sockets[0].closed, { code: 4400, reason: "bad_frame" });
});

test("a sanitizer sees the html of every op and view; one that throws counts as the empty string", () => {
  const seen = [];
  const sanitize = (html, { op, target }) => {
    seen.push([op, target.localName, html]);
    if (html == "bad") throw new Error("refused");
    return html == "odd" ? null : html.toUpperCase();
  };
  const page = welcomed(undefined, { sanitize });
  page.say(frame("answer", 1, start("answer"), html("answer", "append", "<b>x</b>"), html("answer", "append", "bad"), html("answer", "append", "odd")));
  assert.equal(page.el("answer").innerHTML, "<b>X</b>");
  page.say({ type: "view", html: "<i>v</i>", version: 1, streams: {} });
  assert.equal(page.root.innerHTML, "<i>V</i>");
  assert.deepEqual(seen.map(([op]) => op), ["append", "append", "append", "view"]);
  assert.deepEqual(page.kinds(), ["sanitizer"]);
});
