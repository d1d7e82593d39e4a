// What only a browser has: modal dialogs, presses, selections, frames. Each step waits for what it needs to see.
import assert from "node:assert/strict";
import { test } from "node:test";
import { at, frame, html, start, view } from "../helpers.js";
import { auto, inBrowser } from "./browser.js";

/** A page whose frames the test sends; `show` and `replace` return when the page has them. */
async function withPage(act) {
  let say;
  const browser = await inBrowser({ pages: { "/": { body: auto("") } }, session: (speak) => (say = speak) });
  try {
    const page = await browser.open();
    await page.waitForFunction(() => [...(window.streamops?.clients?.values() ?? [])][0]?.state == "open");
    let version = 0;
    let seq = 0;
    const show = async (content, streams = {}) => {
      say(view(`<i id="version">${++version}</i>${content}`, version, streams));
      await page.waitForFunction((n) => document.querySelector("#version")?.textContent == n, String(version));
    };
    const replace = async (content) => {
      const ops = seq ? [] : [start("a")];
      say(frame("a", seq + 1, ...ops, html("a", "replace", content)));
      seq += ops.length + 1;
      await page.waitForFunction((n) => [...window.streamops.clients.values()][0].streams.a?.cursor == n, seq);
    };
    await act({ page, show, replace });
    assert.deepEqual(page.errors, []);
  } finally {
    await browser.close();
  }
}

const usable = (page) => page.click("#outside", { timeout: 2_000 }).then(() => true, () => false);
const OUTSIDE = `<button id="outside">outside</button>`;
const dialog = (content, more = "") => `${OUTSIDE}<dialog${more}><p>${content}</p><button id="in">in</button></dialog>`;

test("a modal dialog stays modal while views change what is in it and around it", () =>
  withPage(async ({ page, show }) => {
    for (const [first, second] of [
      [dialog(1), dialog(2)],
      [dialog(1, ` id="d"`), `<h1>new</h1><section>${dialog(2, ` id="d"`)}</section>`],
      [dialog(1, ` id="d"`), `${dialog(2, ` id="d" class="x"`)}<p>after</p>`],
      [`<details id="o"></details>${dialog(1)}`, `${dialog(1)}<details id="o"></details>`],
    ]) {
      await show("");
      await show(first);
      await page.evaluate(() => document.querySelector("dialog").showModal());
      await show(second);
      assert.equal(await page.evaluate(() => document.querySelector("dialog").matches(":modal")), true);
      await page.click("#in");
      await page.evaluate(() => document.querySelector("dialog").close());
      assert.equal(await usable(page), true);
    }
  }));

test("a modal dialog that the program closes or removes leaves the page usable", () =>
  withPage(async ({ page, show }) => {
    for (const [before, after] of [
      [dialog(1), OUTSIDE],
      [dialog(1, " open"), dialog(1)],
      [`<section id="s">${dialog(1)}</section>`, `<p>other</p>${OUTSIDE}`],
      [dialog(1, ` id="a"`), dialog(1, ` id="b"`)],
    ]) {
      await show("");
      await show(before);
      await page.evaluate(() => {
        const el = document.querySelector("dialog");
        el.close();
        el.showModal();
      });
      await show(after);
      assert.equal(await page.evaluate(() => document.querySelector(":modal")), null);
      assert.equal(await usable(page), true);
    }
  }));

test("a dialog that the program opens is open, and one that the reader has closed stays closed", () =>
  withPage(async ({ page, show }) => {
    const isOpen = () => page.evaluate(() => document.querySelector("dialog").open);
    await show(dialog(1));
    await show(dialog(2, " open"));
    assert.equal(await isOpen(), true);
    await page.evaluate(() => document.querySelector("dialog").close());
    await show(dialog(3, " open"));
    assert.equal(await isOpen(), false);
    await show(dialog(4));
    await show(dialog(5, " open"));
    assert.equal(await isOpen(), true);
  }));

const message = (n, more = "") => `<div class="m"><p>message ${n}${more}</p><button class="like" onclick="window.likes = (window.likes || 0) + 1">like</button></div>`;

test("while an answer is rendered again and again, earlier messages can be pressed, marked and focused", () =>
  withPage(async ({ page, show, replace }) => {
    await show(`<div dj-stream="a"></div>`, { a: { seq: 0, state: "idle" } });
    await replace(message(1) + message(2));
    await page.waitForFunction(() => import("/src/ops.js").then(({ ops }) => !/import/.test(String(ops.replace)))); // loaded
    await replace(message(1) + message(2, " t"));
    const button = await page.$(".like");
    const { x, y } = await button.boundingBox();
    await page.evaluate(() => getSelection().selectAllChildren(document.querySelector(".m p")));
    for (const more of [" to", " tok", " toke", " token"]) {
      await page.mouse.move(x + 3, y + 3);
      await page.mouse.down();
      await replace(message(1) + message(2, more));
      await page.mouse.up();
    }
    assert.equal(await page.evaluate("window.likes"), 4);
    await page.evaluate(() => getSelection().selectAllChildren(document.querySelector(".m p")));
    await button.focus();
    await replace(message(1) + message(2, " token ends") + message(3));
    await replace(message(0) + message(1) + message(2, " token ends") + message(3));
    assert.equal(await page.evaluate(() => String(getSelection()).trim()), "message 1");
    assert.equal(await page.evaluate((el) => el == document.activeElement && el.isConnected, button), true);
    assert.equal(await page.textContent(at("a")), ["0", "1", "2 token ends", "3"].map((n) => `message ${n}like`).join(""));
  }));

test("a frame that stays is not loaded again", () =>
  withPage(async ({ page, show }) => {
    const framed = (n) => `<p>${n}</p><iframe srcdoc="<p>x</p>"></iframe>`;
    await show(framed(1));
    await page.evaluate(() => (document.querySelector("iframe").contentWindow.mine = 1));
    await show(`<h1>new</h1>${framed(2)}`);
    assert.equal(await page.evaluate(() => document.querySelector("iframe").contentWindow.mine), 1);
  }));
