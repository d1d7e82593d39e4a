import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { reads, serve, useBrowser } from "./harness.mjs";

const open = useBrowser();
const LINES = 10_000;
let demo;
before(async () => (demo = await serve(["--demo"])));
after(() => demo.end());

const numbers = (page) => page.locator(".line .number").evaluateAll((all) => all.map((el) => Number(el.textContent)));
const atEnd = (page) =>
  page.waitForFunction(() => {
    const { scrollHeight, clientHeight, scrollTop } = document.querySelector(".lines");
    return scrollHeight - clientHeight - scrollTop <= 2;
  });
const upTo = (last, first = 1) => Array.from({ length: last - first + 1 }, (_, index) => first + index);
/** Waits until all lines are written and `kept` of them are shown. The order across streams is not defined. */
const written = (page, kept) =>
  page.waitForFunction(
    ([last, count]) =>
      /lines in/.test(document.querySelector("[dj-stream=summary]").textContent) &&
      document.querySelector(".line:last-child .number").textContent == last &&
      document.querySelectorAll(".line").length == count,
    [LINES, kept],
  );

test("all 10,000 lines arrive in order, and the end is visible", async () => {
  const page = await open(`${demo.url}#log`);
  await page.getByRole("button", { name: "Write 10,000 lines" }).click();
  await written(page, LINES);
  assert.deepEqual(await numbers(page), upTo(LINES));
  await reads(page, "[dj-stream=count]", "10,000");
  await atEnd(page);
  await page.getByRole("button", { name: "Write 10,000 lines" }).waitFor();

  await page.locator("#log").getByRole("button", { name: "Clear" }).click();
  await reads(page, "[dj-stream=count]", "0");
  assert.equal(await page.locator(".line").count(), 0);
  await page.clean();
});

test("the page does not scroll while somebody reads, and has a way back to the end", async () => {
  const page = await open(`${demo.url}#log`);
  await page.getByLabel("Pace").selectOption("20 lines a second");
  await page.getByRole("button", { name: "Write 10,000 lines" }).click();
  await page.waitForFunction(() => document.querySelectorAll(".line").length > 40);
  await atEnd(page); // it follows
  await page.locator(".lines").evaluate((el) => (el.scrollTop = 0));
  const button = page.getByRole("button", { name: "Latest lines" });
  await button.waitFor();
  const shown = await page.locator(".line").count();
  await page.waitForFunction((count) => document.querySelectorAll(".line").length > count + 3, shown);
  assert.equal(await page.locator(".lines").evaluate((el) => el.scrollTop), 0, "it holds still");
  await button.click();
  await button.waitFor({ state: "hidden" });
  const then = await page.locator(".line").count();
  await page.waitForFunction((count) => document.querySelectorAll(".line").length > count + 3, then);
  await atEnd(page); // it follows again
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Write 10,000 lines" }).waitFor();
  assert.deepEqual(await numbers(page), upTo(await page.locator(".line").count()));
  await page.clean();
});

test("only the last lines are kept if the reader asks for it", async () => {
  const page = await open(`${demo.url}#log`);
  await page.getByLabel("Keep").selectOption("the last 100");
  await page.getByRole("button", { name: "Write 10,000 lines" }).click();
  await written(page, 100);
  assert.deepEqual(await numbers(page), upTo(LINES, LINES - 99));
  assert.equal(await page.getByLabel("Keep").inputValue(), "100", "views leave the choice alone");
  await page.clean();
});
