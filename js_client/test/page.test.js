// Attributes that send events, hooks, and servers without numbers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { at, frame, given, html, settled, start, text, view, welcomed } from "./helpers.js";

const events = ({ heard }) => heard.filter(({ type }) => type == "event").map(({ event, params }) => [event, params]);
const fire = (page, el, type, init = {}) => {
  const { Event, KeyboardEvent } = page.window;
  const event = new (type == "keydown" ? KeyboardEvent : Event)(type, { bubbles: true, cancelable: true, ...init });
  el.dispatchEvent(event);
  return event.defaultPrevented;
};

test("dj-click sends data attributes as params, without those of streams", () => {
  const page = welcomed(`<button dj-click="vote" data-item-id="17" data-kind="up" data-stream-scroll="" data-loading-class="x"><i>+</i></button><a href="#x" dj-click="go">x</a>`);
  assert.equal(fire(page, page.root.querySelector("i"), "click"), false);
  assert.equal(fire(page, page.root.querySelector("a"), "click"), true);
  assert.deepEqual(events(page), [["vote", { item_id: "17", kind: "up" }], ["go", {}]]);
});

test("dj-submit sends the fields; a form with dj-reset is reset after a successful reply", async () => {
  const page = welcomed(`<form dj-submit="send" dj-reset data-room="a"><input name="content" value=""><input type="checkbox" name="tag" value="1" checked><input type="checkbox" name="tag" value="2" checked><input name="__proto__" value="p"><input type="file" name="f"><button>Send</button></form>`);
  const [input] = page.root.querySelectorAll("input");
  input.value = "Hello";
  assert.equal(fire(page, page.root.querySelector("form"), "submit"), true);
  const [[name, params]] = events(page);
  assert.equal(name, "send");
  assert.deepEqual(Object.entries(params), [["room", "a"], ["content", "Hello"], ["tag", ["1", "2"]], ["__proto__", "p"]]);
  page.say({ type: "reply", ref: 1, ok: false, error: { code: "app_error", error: "No" } });
  await settled();
  assert.equal(input.value, "Hello");
  assert.deepEqual(page.kinds(), ["reply"]);
  fire(page, page.root.querySelector("form"), "submit");
  page.say({ type: "reply", ref: 2, ok: true });
  await settled();
  assert.equal(input.value, "");
});

test("a refused event fires on its element, or on the root if the element was removed", async () => {
  const page = welcomed(`<p><button dj-click="vote">+</button></p>`);
  const told = [];
  page.document.addEventListener("stream:refused", ({ target, detail }) => told.push([target, { ...detail, params: { ...detail.params } }]));
  const button = page.root.querySelector("button");
  const detail = { event: "vote", code: "bad_params", error: "No", params: {} };
  for (const ref of [1, 2]) {
    button.click();
    if (ref == 2) page.say(view("", 1));
    page.say({ type: "reply", ref, ok: false, error: { code: "bad_params", error: "No" } });
    await settled();
  }
  assert.deepEqual(told, [[button, detail], [page.root, detail]]);
  assert.deepEqual(page.kinds(), ["reply", "reply"]);
});

test("dj-change, dj-input and dj-keydown send field and value", () => {
  const page = welcomed(`<input name="q" dj-input="find" dj-change="found" dj-keydown="key" dj-key="Enter"><input type="checkbox" name="on" dj-change="toggle" checked>`);
  const [q, on] = page.root.querySelectorAll("input");
  q.value = "abc";
  fire(page, q, "input");
  fire(page, q, "change");
  fire(page, q, "keydown", { key: "a" });
  fire(page, q, "keydown", { key: "Enter" });
  fire(page, on, "change");
  const q_ = { field: "q", value: "abc" };
  assert.deepEqual(events(page), [["find", q_], ["found", q_], ["key", { key: "Enter", ...q_ }], ["toggle", { field: "on", value: true }]]);
});

test("elements that are added later send events too", () => {
  const page = welcomed();
  page.say(frame("answer", 1, start("answer"), html("answer", "append", `<button dj-click="late">x</button>`)));
  page.root.querySelector("button").click();
  assert.deepEqual(events(page), [["late", {}]]);
});

function hook(log) {
  return {
    mounted() { log.push(["mounted", this.el.id]); },
    updated() { log.push(["updated", this.el.id]); this.more(); },
    destroyed() { log.push(["destroyed", this.el.id]); },
    more() {},
  };
}

test("hooks are bound by dj-hook and by the stream's or id's name, and called once a frame", async () => {
  const log = [];
  const before = (window) => (window.djust = { hooks: { ChatMessages: hook(log), Named: hook(log), constructor2: {} } });
  const page = welcomed(`<div dj-stream="chat-messages" id="m"></div><p dj-hook="Named" id="n"><b dj-stream="b"></b></p><p dj-hook="constructor"></p>`, { before });
  await settled(() => log.length);
  assert.deepEqual(log.splice(0), [["mounted", "m"], ["mounted", "n"]]);
  page.say(frame("chat-messages", 1, start("chat-messages"), text("chat-messages", "a"), text("chat-messages", "b")));
  page.say(frame("b", 1, start("b"), text("b", "x")));
  assert.deepEqual(log.splice(0), [["updated", "m"], ["updated", "n"]]);
  page.say(frame("b", 3, html("b", "append", `<i dj-hook="Named" id="late"></i>`)));
  assert.deepEqual(log.splice(0), [["updated", "n"], ["mounted", "late"]]);
  page.say(frame("b", 4, text("b", "", "replace")));
  assert.deepEqual(log.splice(0), [["updated", "n"], ["destroyed", "late"]]);
  assert.equal(page.window.streamops.hooks, page.window.djust.hooks);
  assert.deepEqual(page.reports, []);
});

test("hooks that are assigned after loading, under either name, are bound with the next frame, and from then on at once", async () => {
  const log = [];
  const page = welcomed(`<p dj-hook="A" id="a"></p><p dj-hook="B" id="b"></p>`);
  page.window.djust.hooks = { A: hook(log) };
  page.say(frame("a", 1, start("a")));
  await settled(() => log.length);
  assert.deepEqual(log, [["mounted", "a"]]);
  page.window.djust.hooks = { B: hook(log) };
  assert.deepEqual(log.slice(1), [["mounted", "b"]]);
  assert.equal(page.window.streamops.hooks, page.window.djust.hooks);
});

test("a hook may push events; one that throws is reported", async () => {
  const page = welcomed(`<p dj-hook="A"></p><p dj-hook="B"></p>`, {
    before: (window) => (window.streamops = { hooks: { A: { mounted() { this.pushEvent("hi", { x: 1 }); } }, B: { mounted() { throw new Error("no"); } } } }),
  });
  await settled(() => page.reports.length);
  assert.deepEqual(events(page), [["hi", { x: 1 }]]);
  assert.deepEqual(page.kinds(), ["hook"]);
});

test("v0: frames take effect as they arrive, without hello and numbers", async () => {
  const page = given(`<p>loading</p>`, { protocol: "v0", view: { name: "views.Chat", params: { a: 1 } } });
  await settled(() => page.socket);
  assert.deepEqual(page.socket.protocols, []);
  page.socket.open();
  page.say({ type: "connect", session_id: "x" });
  assert.deepEqual(page.heard, [{ type: "mount", view: "views.Chat", params: { a: 1 }, url: "/chat/" }]);
  page.say({ type: "mount", view: "views.Chat", version: 1, html: `<p dj-stream="a"></p><ul id="u" class="list"></ul>` });
  assert.equal(page.client.state, "open");
  const op = (name, more = {}) => ({ op: name, target: at("a"), ...more });
  const say = (...ops) => page.say({ type: "stream", stream: "a", ops });
  say(op("text", { text: "x" }));
  say(op("start"), op("text", { text: "y", mode: "append" }), op("append", { html: "<b>z</b>" }), { op: "append", target: "ul.list", html: "<li>1</li>" }, { op: "delete", target: "p >" });
  assert.equal(page.root.textContent, "xyz1");
  assert.ok(page.el("a").hasAttribute("data-stream-active"));
  say(op("error", { error: "It failed" }));
  assert.equal(page.document.querySelector("[role=alert]").textContent, "It failed");
  say(op("text", { text: "!" }), op("done"));
  assert.equal(page.document.querySelector("[role=alert]"), null);
  assert.deepEqual(page.names(), ["text", "start", "text", "update", "update", "error", "text", "done"]);
  assert.deepEqual(page.kinds(), ["target"]);
  const sent = page.client.push("ask", { q: 1 });
  assert.deepEqual(page.heard.at(-1), { type: "event", ref: 1, event: "ask", params: { q: 1 } });
  page.say({ type: "noop", ref: 1 });
  await sent;
  page.say({ type: "stream", stream: "a'],[x='", ops: [op("start")] }, { type: "stream", stream: "a" }, { type: "stream", stream: "a", ops: [null, {}] });
  assert.deepEqual(Object.keys(page.client.streams), ["a"]);
  page.say({ type: "html_update", html: `<h1>n</h1><p dj-stream="a"></p>` });
  assert.equal(page.root.innerHTML, `<h1>n</h1><p dj-stream="a">xy<b>z</b>!</p>`);
});

async function djust(html) {
  const page = given("", { protocol: "v0", view: { name: "V" } });
  await settled(() => page.socket);
  page.socket.open();
  page.say({ type: "connect" }, { type: "mount", html });
  return page;
}

test("v0: a stream is active from start to done, and not for other operations (CLI-110)", async () => {
  const page = await djust(`<p dj-stream="a" data-loading-class="busy"></p>`);
  const say = (...ops) => page.say({ type: "stream", stream: "a", ops: ops.map((op) => ({ target: at("a"), ...op })) });
  const active = () => [page.el("a").hasAttribute("data-stream-active"), page.el("a").className];
  say({ op: "text", text: "line", mode: "append" });
  assert.deepEqual(active(), [false, ""]);
  say({ op: "error", error: "no" }, { op: "text", text: "s", mode: "append" });
  assert.deepEqual(active(), [false, ""]);
  say({ op: "start" }, { op: "text", text: "!", mode: "append" }, { op: "error", error: "no" }, { op: "text", text: "!", mode: "append" });
  assert.deepEqual(active(), [true, "busy"]);
  say({ op: "start" });
  assert.deepEqual(active(), [true, "busy"]);
  say({ op: "done" }, { op: "text", text: "late", mode: "append" });
  assert.deepEqual(active(), [false, ""]);
  assert.equal(page.root.textContent, "lines!!late");
});

test("v0: a later html shows what the program rendered, and keeps what was streamed", async () => {
  const page = await djust(`<div dj-stream="a"></div>`);
  const say = (...ops) => page.say({ type: "stream", stream: "a", ops: ops.map((op) => ({ target: at("a"), ...op })) });
  const update = (html) => page.say({ type: "html_update", html: `<div dj-stream="a">${html}</div>` });
  say({ op: "start" }, { op: "replace", html: "<i>typing</i>" }, { op: "done" });
  update("<b>final</b>");
  assert.equal(page.el("a").innerHTML, "<b>final</b>");
  say({ op: "start" }, { op: "text", text: " and more", mode: "append" });
  say({ op: "done" });
  update("<b>old</b>");
  assert.equal(page.el("a").innerHTML, "<b>final</b> and more");
  say({ op: "replace", html: "new" });
  update("<b>newer</b>");
  assert.equal(page.el("a").innerHTML, "<b>newer</b>");
});

test("v0: patches, which cannot be applied, are reported", async () => {
  const page = await djust("<p></p>");
  page.say({ type: "patch", patches: [{}], version: 2 });
  assert.deepEqual(page.kinds(), ["patch"]);
});

test("a hook is updated when something in its element is deleted", async () => {
  const log = [];
  const page = welcomed(`<ul dj-stream="items" dj-hook="A" id="a"><li id="i1"></li></ul>`, { before: (window) => (window.streamops = { hooks: { A: hook(log) } }) });
  await settled(() => log.length);
  page.say(frame("items", 1, start("items")));
  log.length = 0;
  page.say(frame("items", 2, { op: "delete", target: "#i1" }));
  assert.deepEqual(log, [["updated", "a"]]);
});

test("a view that changes the hook of an element replaces the element", async () => {
  const log = [];
  const page = welcomed(`<p dj-hook="A">x</p>`, { before: (window) => (window.streamops = { hooks: { A: hook(log), B: hook(log) } }) });
  await settled(() => log.length);
  log.length = 0;
  page.say(view(`<p dj-hook="B" id="c">x</p>`, 1));
  assert.deepEqual(log, [["destroyed", ""], ["mounted", "c"]]);
  page.say(view(`<p dj-hook="A" id="c">x</p>`, 2), view(`<p id="c">x</p>`, 3));
  assert.deepEqual(log.slice(2), [["destroyed", "c"], ["mounted", "c"], ["destroyed", "c"]]);
});

test("views reach hooks", async () => {
  const log = [];
  const page = welcomed(`<p dj-hook="A" id="a"></p>`, { before: (window) => (window.streamops = { hooks: { A: hook(log) } }) });
  await settled(() => log.length);
  page.say(view(`<p dj-hook="A" id="a">x</p><p dj-hook="A" id="b"></p>`, 1));
  assert.deepEqual(log, [["mounted", "a"], ["updated", "a"], ["mounted", "b"]]);
  page.say(view("", 2));
  assert.deepEqual(log.slice(3), [["destroyed", "a"], ["destroyed", "b"]]);
});
