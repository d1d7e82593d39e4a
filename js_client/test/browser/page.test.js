// What needs a real browser: policies, layout, focus, and very many frames.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { at, done, frame, html, start, text, view } from "../helpers.js";
import { auto, inBrowser } from "./browser.js";

const STRICT = "default-src 'none'; script-src 'self'; connect-src 'self' ws:; base-uri 'none'; require-trusted-types-for 'script'; trusted-types streamops";
const EVIL = `<script>streamopsRan()</script><svg><script>streamopsRan()</script></svg>`;

async function withBrowser(options, act) {
  const browser = await inBrowser(options);
  try {
    return await act(browser);
  } finally {
    await browser.close();
  }
}

const evilSession = (say) => {
  say(view(`<p dj-stream="a"></p><i>1</i>${EVIL}`, 1, { a: { seq: 0, state: "idle" } }));
  say(frame("a", 1, start("a"), html("a", "append", `<b>x</b>${EVIL}`), html("a", "prepend", EVIL), html("a", "append", "<u>y")));
  say(view(`<section><p dj-stream="a"></p>${EVIL}</section><i onclick="streamopsRan()">2</i>`, 2));
  say(view(`<p dj-stream="a"></p>${EVIL}<i onclick="streamopsRan(2)">3</i>`, 3));
  say(frame("a", 5, done("a")));
};
const counting = { "/count.js": new URL("./count.js", import.meta.url).pathname };
const counted = `<script src="/count.js"></script>`;

test("a page with the strictest policy works, and no script runs from html (CLI-8)", () =>
  withBrowser({ pages: { "/": { body: auto("", counted), headers: { "content-security-policy": STRICT } } }, files: counting, session: evilSession }, async ({ open, heard }) => {
    const page = await open();
    await page.waitForSelector("i:text('3')");
    assert.deepEqual(heard[0].view, { name: "Chat", params: { room: "lobby" } });
    assert.equal(await page.textContent("u"), "y");
    assert.equal(await page.evaluate("ran"), 0);
    assert.deepEqual((await page.evaluate("violations")).filter((directive) => directive != "script-src-attr"), []);
    assert.deepEqual(page.errors, []);
  }));

test("no script runs from html on a page without a policy either (CLI-8)", () =>
  withBrowser({ pages: { "/": { body: auto("", counted) } }, files: counting, session: evilSession }, async ({ open }) => {
    const page = await open();
    await page.waitForSelector("i:text('3')");
    assert.equal(await page.evaluate("ran"), 0);
    await page.click("i");
    assert.equal(await page.evaluate("ran"), 1, "an inline handler runs: only a policy or a sanitizer refuses it");
  }));

test("auto-scroll follows only a reader who was at the bottom before the op (CLI-14)", () => {
  let say;
  const body = auto(`<div data-stream-scroll id="log" style="height: 100px; overflow: auto; scroll-behavior: smooth"><p dj-stream="a" style="white-space: pre; margin: 0"></p></div>`);
  return withBrowser({ pages: { "/": { body } }, session: (speak) => (say = speak) }, async ({ open }) => {
    const page = await open();
    await page.waitForFunction(() => window.streamops.clients.size && [...window.streamops.clients.values()][0].state == "open");
    let seq = 1;
    const add = async (...ops) => {
      say(frame("a", seq, ...ops));
      seq += ops.length;
      await page.waitForFunction((cursor) => [...window.streamops.clients.values()][0].streams.a?.cursor == cursor, seq - 1);
      return page.evaluate(() => document.getElementById("log").scrollTop);
    };
    // If the layout takes long, as on a busy machine, the client does not scroll at every frame but a little later.
    const atEnd = () =>
      page.waitForFunction(() => {
        const { scrollTop, scrollHeight, clientHeight } = document.getElementById("log");
        return scrollTop > 0 && scrollHeight - scrollTop - clientHeight < 2;
      });
    const lines = text("a", "line\n".repeat(20));
    await add(start("a"), lines);
    await atEnd();
    await add(lines);
    await atEnd();
    await page.evaluate(() => document.getElementById("log").scrollTo({ top: 50, behavior: "instant" }));
    assert.equal(await add(lines), 50, "one who has scrolled up is reading");
    await page.evaluate(() => document.getElementById("log").scrollTo({ top: 1e6, behavior: "instant" }));
    await add(lines);
    await atEnd();
  });
});

test("a view keeps focus, caret, typed text, and the scroll position of live elements (CLI-12)", () => {
  let say;
  const body = auto(`<form><input name="q"></form><div dj-stream="a" id="a" style="height: 50px; overflow: auto"></div>`);
  return withBrowser({ pages: { "/": { body } }, session: (speak) => (say = speak) }, async ({ open }) => {
    const page = await open();
    await page.waitForFunction(() => [...window.streamops.clients.values()][0]?.state == "open");
    say(frame("a", 1, start("a"), html("a", "append", "<p>x</p>".repeat(30))));
    await page.waitForFunction(() => document.querySelectorAll("p").length == 30);
    await page.fill("input", "hello");
    await page.evaluate(() => {
      const input = document.querySelector("input");
      input.setSelectionRange(2, 4);
      document.getElementById("a").scrollTop = 123;
    });
    say(view(`<h1>New</h1><form class="wide"><input name="q"></form><section><div dj-stream="a" id="a" style="height: 50px; overflow: auto"></div></section>`, 1));
    await page.waitForSelector("h1");
    const kept = await page.evaluate(() => {
      const input = document.activeElement;
      return [input.localName, input.value, input.selectionStart, input.selectionEnd, document.getElementById("a").scrollTop];
    });
    assert.deepEqual(kept, ["input", "hello", 2, 4, 123]);
  });
});

test("20,000 frames of one token each arrive completely, and the hash confirms it (CLI-17)", () => {
  const count = 20_000;
  const tokens = Array.from({ length: count }, (_, i) => `t${i} `);
  const whole = tokens.join("");
  const session = (say) => {
    say(frame("a", 1, start("a")));
    tokens.forEach((token, i) => say(frame("a", i + 2, text("a", token))));
    say(frame("a", count + 2, done("a", "complete", { text_len: whole.length, text_sha256: createHash("sha256").update(whole).digest("hex") })));
  };
  const body = auto(`<p dj-stream="a"></p>`, `<script>window.proof = new Promise((resolve) => document.addEventListener("stream:integrity", (event) => resolve(event.detail.ok)))</script>`);
  return withBrowser({ pages: { "/": { body } }, session }, async ({ open }) => {
    const page = await open();
    assert.equal(await page.evaluate("proof"), true);
    assert.equal(await page.textContent(at("a")), whole);
    assert.deepEqual(page.errors, []);
  });
});
