// A field, a form or an image may have any name. Every name that a form, an element, a node or a document has as a
// property is given to a field, to the form around a stream, and to a form beside the root.
import assert from "node:assert/strict";
import { test } from "node:test";
import { LIMITS } from "../helpers.js";
import { inBrowser } from "./browser.js";

/** Runs in the page: what goes wrong, by the name. */
async function tryNames(limits) {
  const { load } = await import("/src/page.js");
  const { connect } = await import("/src/index.js");
  const { get } = await import("/src/dom.js");
  await load();
  const names = new Set();
  for (const of of [HTMLFormElement, HTMLDocument, HTMLInputElement])
    for (let own = of.prototype; own; own = Object.getPrototypeOf(own)) Object.getOwnPropertyNames(own).forEach((name) => names.add(name));
  const html = (name, n) => `<p id="n">${n}</p><form id="f" dj-submit="save" class="${n}"><fieldset><input name="${name}" value="a${n}"><b>${n}</b><button>Send</button></fieldset><i dj-stream="in"></i></form><form dj-stream="form"><input name="${name}"></form>`;
  const target = (name) => `[dj-stream='${name}']`;
  const ops = [
    { op: "start", run: 1 }, { op: "append", html: "<u>1</u>" }, { op: "text", text: "x", mode: "append" }, { op: "prepend", html: "<u>0</u>" },
    { op: "prune", limit: 2, edge: "bottom" }, { op: "replace", html: `<input name="NAME"><s>1</s>` }, { op: "replace", html: `<input name="NAME"><s>2</s>` }, { op: "error", error: "e", code: "timeout" },
    { op: "text", text: "y", mode: "replace" }, { op: "done", reason: "complete" },
  ];
  const { body } = document; // before there is a form of this name
  const problems = {};
  for (const name of names) {
    const root = document.createElement("main");
    const beside = document.createElement("div");
    beside.innerHTML = `<form name="${name}"></form><img name="${name}" alt="">`;
    const wrong = [];
    const same = (what, expected, observed) => JSON.stringify(expected) == JSON.stringify(observed) || wrong.push(`${what}: ${JSON.stringify(observed)}`);
    body.append(root);
    const heard = [];
    const socket = { readyState: 1, send: (text) => heard.push(JSON.parse(text)), close() {} };
    const client = connect({ url: "/live", root, WebSocket: function () { return socket; }, onReport: ({ kind, message }) => wrong.push(`${kind}: ${message}`) });
    try {
      const feed = (frame) => socket.onmessage({ data: JSON.stringify(frame) });
      socket.onopen();
      feed({ type: "welcome", session: "s", caps: ["html", "view"], limits, heartbeat_ms: 1e6 });
      body.append(beside);
      const map = (seq) => Object.fromEntries(["in", "form"].map((stream) => [stream, { seq, state: "idle" }]));
      feed({ type: "view", html: html(name, 1), version: 1, streams: map(0) });
      const field = root.querySelector("#f input");
      field.value = "typed";
      feed({ type: "view", html: html(name, 2).replace("a2", "a1"), version: 2, streams: map(0) });
      same("the view", ["2", "2", "2"], [root.querySelector("#n").textContent, root.querySelector("b").textContent, get(root.querySelector("#f"), "className")]);
      same("the field", [true, "typed"], [root.querySelector("#f input") == field, field.value]);
      for (const stream of ["in", "form"]) {
        const named = ops.map((op) => ({ target: target(stream), ...op, ...(op.html && { html: op.html.replace("NAME", name) }) }));
        feed({ type: "stream", stream, seq: 1, n: 7, ops: named.slice(0, 7) });
        same(`replace in ${stream}`, `<input name="${name}"><s>2</s>`, get(root.querySelector(target(stream)), "innerHTML"));
        feed({ type: "stream", stream, seq: 8, n: 3, ops: named.slice(7) });
        same(`text in ${stream}`, "y", get(root.querySelector(target(stream)), "textContent"));
      }
      feed({ type: "view", html: html(name, 3), version: 3, streams: {} });
      same("what was streamed", ["y", "y"], ["in", "form"].map((stream) => get(root.querySelector(target(stream)), "textContent")));
      same("the field of the program", "a3", root.querySelector("#f input").value);
      const left = new Promise((resolve) => addEventListener("submit", resolve, { once: true }));
      root.querySelector("#f button").click();
      same("the submit stays", true, (await left).defaultPrevented);
      const sent = heard.find(({ type }) => type == "event");
      same("the submit", ["save", { [name]: "a3" }], [sent?.event, sent?.params]);
      feed({ type: "view", html: "<p>end</p>", version: 4, streams: map(10) });
      same("the end", "<p>end</p>", root.innerHTML);
    } catch (error) {
      wrong.push(String(error.stack));
    } finally {
      beside.remove();
      client.close();
      root.remove();
    }
    if (wrong.length) problems[name] = wrong;
  }
  return { problems, count: names.size };
}

test("no name breaks a view, an operation or a submit", async () => {
  const browser = await inBrowser({ pages: { "/": { body: "" } } });
  try {
    const page = await browser.open();
    const { problems, count } = await page.evaluate(tryNames, LIMITS);
    assert.ok(count > 400, `${count} names`);
    assert.deepEqual(problems, {});
    assert.deepEqual(page.errors, []);
  } finally {
    await browser.close();
  }
});
