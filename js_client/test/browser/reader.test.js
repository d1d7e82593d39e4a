// What needs a real browser of what a reader does: places of scrolling, forms, focus, leaving the page.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { frame, html, start, text } from "../helpers.js";
import { auto, inBrowser } from "./browser.js";

const BOX = "height: 100px; overflow: auto; overflow-anchor: none; margin: 0";
const anchored = BOX.replace("overflow-anchor: none;", "");
const list = (style = BOX) => auto(`<div id="log" dj-stream="a" data-stream-scroll style="${style}"></div><div id="status"></div>`);
const pages = {
  "/list": { body: list() },
  "/anchored": { body: list(anchored) },
  "/shrinks": { body: auto(`<div style="display: flex; flex-direction: column; height: 150px"><div id="log" dj-stream="a" data-stream-scroll style="${BOX}; flex: 1; height: auto"></div><div id="status"></div></div>`) },
  "/text": { body: auto(`<pre id="log" dj-stream="a" data-stream-scroll style="${BOX}"></pre>`) },
  "/names": { body: auto(`<div id="place"></div>`) },
  "/form": { body: auto(`<form id="f" action="/elsewhere" dj-submit="send" dj-reset><input name="submit" id="box"><input name="action" value="x"><button id="go" name="how" value="now">Send</button><button id="smile" dj-click="smile">:)</button></form><form id="big" dj-submit="paste" dj-reset><textarea name="dispatchEvent"></textarea><input name="contains"><button>Paste</button></form><label id="label" dj-click="tick"><span>tick</span><input type="checkbox" id="tick"></label>`) },
};

let browser, say;
before(async () => {
  const session = (speak, hello, socket) => {
    say = speak;
    socket.on("message", (data) => {
      const { event, ref } = JSON.parse(String(data));
      if (event == "check" || event == "book") speak({ type: "reply", ref, ok: true });
      if (event == "fail") speak({ type: "reply", ref, ok: false, error: { code: "app_error", error: "No" } });
    });
  };
  browser = await inBrowser({ pages, session });
});
after(() => browser.close());

/** A page with an open connection and all code, and what adds ops to its stream. */
async function opened(path) {
  const page = await browser.open(path);
  await page.waitForSelector("main[data-stream-connection=open]", { state: "attached" }); // reader.js is there
  let seq = 1;
  return Object.assign(page, {
    /** Sends ops in one frame, and waits until they are applied. */
    async add(...ops) {
      say(frame("a", seq, ...ops));
      seq += ops.length;
      await page.waitForFunction((cursor) => [...window.streamops.clients.values()][0].streams.a?.cursor == cursor, seq - 1);
    },
    /** After what changes the page has been laid out and painted: how many px are below, and the position. */
    rest: () =>
      page.evaluate(async () => {
        for (let frames = 0; frames < 3; frames++) await new Promise((resolve) => requestAnimationFrame(resolve));
        const el = document.getElementById("log");
        return [Math.round(el.scrollHeight - el.scrollTop - el.clientHeight), Math.round(el.scrollTop)];
      }),
    scrollTo: (top) => page.evaluate((to) => document.getElementById("log").scrollTo({ top: to, behavior: "instant" }), top),
  });
}
const lines = (count, from = 0) => Array.from({ length: count }, (_, i) => `<p>line ${from + i}</p>`).join("");

for (const [what, path, grow] of [
  ["an element that grows later", "/list", () => (document.querySelector("p").style.height = "90px")],
  ["growth deep inside", "/list", () => (document.querySelector("p:nth-child(3)").innerHTML = "<b><i style='display: block; height: 70px'></i></b>")],
  ["a script that adds an element", "/list", () => document.getElementById("log").append(Object.assign(document.createElement("div"), { style: "height: 80px" }))],
  ["less height for the list", "/shrinks", () => (document.getElementById("status").style.height = "60px")],
  ["a list that becomes smaller", "/list", () => (document.getElementById("log").style.height = "40px")],
  ["larger type", "/list", () => (document.getElementById("log").style.fontSize = "40px")],
])
  test(`a reader at the end stays there, and one who scrolled up stays too: ${what}`, async () => {
    const page = await opened(path);
    await page.add(start("a"), html("a", "append", lines(20)));
    assert.equal((await page.rest())[0], 0);
    await page.evaluate(grow);
    assert.equal((await page.rest())[0], 0, "followed");
    await page.add(html("a", "append", lines(20)));
    assert.equal((await page.rest())[0], 0, "and goes on");
    await page.scrollTo(30);
    await page.rest();
    await page.evaluate(grow);
    await page.add(html("a", "append", lines(5)));
    assert.equal((await page.rest())[1], 30, "a reader who scrolled up is reading");
    await page.scrollTo(1e6);
    await page.add(html("a", "append", lines(5)));
    assert.equal((await page.rest())[0], 0, "a reader who came back follows");
    assert.deepEqual(page.errors, []);
    await page.close();
  });

test("an image that arrives late, and a hook that adds height", async () => {
  const page = await opened("/list");
  await page.evaluate(() => {
    window.streamops.hooks = { a: { mounted() { window.bound = true; }, updated() { for (const p of this.el.querySelectorAll("p:not(.done)")) { p.className = "done"; p.append(Object.assign(document.createElement("div"), { style: "height: 25px" })); } } } };
  });
  await page.add(start("a"));
  await page.waitForFunction(() => window.bound);
  await page.add(html("a", "append", lines(8)));
  assert.equal((await page.rest())[0], 0);
  await page.add(html("a", "append", `<p><img id="late" alt=""></p>`));
  await page.evaluate(() => new Promise((loaded) => {
    const image = document.getElementById("late");
    image.onload = loaded;
    image.src = "data:image/svg+xml," + encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" width="90" height="90"/>`);
  }));
  assert.equal((await page.rest())[0], 0);
  await page.close();
});

test("a log that is pruned while it grows is followed, also where the browser holds the content in place", async () => {
  for (const path of ["/list", "/anchored"]) {
    const page = await opened(path);
    await page.add(start("a"), html("a", "append", lines(30)));
    for (let round = 0; round < 8; round++) {
      await page.add(html("a", "append", lines(1 + (round % 3), 30)), { op: "prune", target: "[dj-stream='a']", limit: 20, edge: "top" });
      assert.equal((await page.rest())[0], 0, `${path}, round ${round}`);
    }
    await page.close();
  }
});

test("text in the scrolling element itself: each frame is followed until the reader scrolls up", async () => {
  const page = await opened("/text");
  await page.add(start("a"), text("a", "line\n".repeat(30)));
  assert.equal((await page.rest())[0], 0);
  for (let round = 0; round < 5; round++) await page.add(text("a", "more\n"));
  assert.equal((await page.rest())[0], 0);
  await page.mouse.move(20, 40);
  await page.mouse.wheel(0, -60);
  await page.waitForFunction(() => { const el = document.getElementById("log"); return el.scrollHeight - el.scrollTop - el.clientHeight > 20; });
  const [, top] = await page.rest();
  await page.add(text("a", "more\n".repeat(9)));
  assert.equal((await page.rest())[1], top);
  await page.add(text("a", "short", "replace"));
  await page.add(text("a", "\nlong again".repeat(30)));
  assert.equal((await page.rest())[0], 0, "where all of it is seen, the end is");
  await page.close();
});

test("a form whose fields have the names of its members never leaves the page, and its emptied box keeps the focus", async () => {
  const page = await opened("/form");
  const count = browser.heard.length;
  const address = page.url();
  await page.fill("#box", "hello");
  await page.press("#box", "Enter");
  assert.deepEqual(await page.evaluate(() => [document.activeElement.id, document.activeElement.value]), ["box", ""]);
  await page.dblclick("#go");
  await page.click("#smile");
  await page.click("#label span");
  assert.ok(await page.isChecked("#tick"));
  await page.evaluate(() => void [...window.streamops.clients.values()][0].push("last"));
  const events = () => browser.heard.slice(count).filter(({ type }) => type == "event").map(({ event, params }) => [event, params]);
  while (!events().some(([name]) => name == "last")) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.deepEqual(events(), [["send", { submit: "hello", action: "x", how: "now" }], ["smile", {}], ["tick", {}], ["last", {}]]);
  assert.equal(page.url(), address);
  assert.deepEqual(page.errors, []);
});

test("a paste that is too large is refused alone, and its form says so, whatever its fields are called", async () => {
  const page = await opened("/form");
  const told = await page.evaluate(async () => {
    const area = document.querySelector("textarea");
    area.value = "x".repeat(1_200_000);
    const refused = new Promise((resolve) => document.addEventListener("stream:refused", ({ target, detail }) => resolve([target.id, detail.event, detail.code])));
    document.querySelector("#big button").click();
    return [await refused, area.value.length, [...window.streamops.clients.values()][0].state];
  });
  assert.deepEqual(told, [["big", "paste", "frame_too_large"], 1_200_000, "open"]);
  assert.deepEqual(page.errors, []);
});

test("a field may have the name of any property that a form has", async () => {
  const page = await opened("/names");
  const address = page.url();
  const count = browser.heard.length;
  const [names, wrong] = await page.evaluate(async () => {
    const all = new Set(["__proto__", "constructor"]);
    for (let of = HTMLFormElement.prototype; of; of = Object.getPrototypeOf(of)) for (const name of Object.getOwnPropertyNames(of)) all.add(name);
    const place = document.getElementById("place");
    const odd = [];
    const failed = new Promise((resolve) => addEventListener("error", ({ message }) => resolve(odd.push(message))));
    for (const name of all) {
      place.innerHTML = `<form dj-change="check" dj-reset><input><button>Book</button></form>`;
      const [input, button] = place.querySelectorAll("input,button");
      const form = place.firstElementChild;
      input.name = name;
      for (const event of ["book", "fail"]) {
        Element.prototype.setAttribute.call(form, "dj-submit", event);
        input.value = event;
        if (event == "book") input.dispatchEvent(new Event("change", { bubbles: true }));
        const refused = event == "fail" && new Promise((resolve) => document.addEventListener("stream:refused", resolve, { once: true }));
        button.click();
        if (input.value) odd.push(`${name} ${event}: not emptied`);
        await Promise.race([refused, failed]);
        while (Element.prototype.hasAttribute.call(form, "aria-busy")) await new Promise((resolve) => setTimeout(resolve, 1));
        if (input.value != (event == "fail" ? "fail" : "")) odd.push(`${name} ${event}: ${input.value}`);
      }
    }
    return [[...all], odd];
  });
  assert.ok(names.length > 250, `${names.length} names`);
  assert.deepEqual(wrong, []);
  const params = (wanted) => browser.heard.slice(count).filter(({ event }) => event == wanted).map((frame) => Object.entries(frame.params));
  for (const event of ["check", "book", "fail"]) assert.deepEqual(params(event), names.map((name) => [[name, event == "check" ? "book" : event]]), event);
  assert.equal(page.url(), address);
  assert.deepEqual(page.errors, []);
});
