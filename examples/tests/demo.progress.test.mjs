import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { reads, serve, text, useBrowser, watch } from "./harness.mjs";

const open = useBrowser();
let demo;
before(async () => (demo = await serve(["--demo"])));
after(() => demo.end());

test("the steps continue while the reader types, and neither affects the other", async () => {
  const page = await open(`${demo.url}#progress`);
  const percent = await watch(page, ".percent");
  await page.getByRole("button", { name: "Begin" }).click();
  await page.getByLabel("Notes").fill("half a word");
  const whole = page.getByRole("progressbar", { name: "Whole work" });
  await page.waitForFunction(() => document.querySelector("progress").value > 20);
  await page.getByLabel("Notes").evaluate((el) => el.setSelectionRange(2, 5));
  await page.waitForFunction(() => document.querySelector("progress").value > 40);
  const place = await page.evaluate(() => {
    const { id, value, selectionStart, selectionEnd } = document.activeElement;
    return { id, value, selectionStart, selectionEnd };
  });
  assert.deepEqual(place, { id: "notes", value: "half a word", selectionStart: 2, selectionEnd: 5 });
  await reads(page, ".now strong", "Complete");
  assert.equal(await whole.getAttribute("value"), "100");
  assert.deepEqual(await page.locator(".list .state").allTextContents(), ["done", "done", "done", "done"]);
  assert.equal(await text(page, ".file"), "");
  const seen = (await percent.jsonValue()).map((each) => parseInt(each));
  assert.deepEqual(
    seen,
    seen.toSorted((a, b) => a - b),
    "it never goes back",
  );
  assert.ok(seen.length > 10);
  await page.clean();
});

test("Stop ends the work, and it can start again", async () => {
  const page = await open(`${demo.url}#progress`);
  await page.getByRole("button", { name: "Begin" }).focus();
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector("progress").value > 5);
  await page.waitForFunction(() => document.activeElement.id == "steps-stop");
  await page.keyboard.press("Enter");
  await reads(page, ".now strong", "Stopped; what was done stays done");
  await page.getByRole("button", { name: "Begin again" }).click();
  await page.waitForFunction(() => !document.querySelector(".now strong").textContent);
  await page.waitForFunction(() => document.querySelector("progress").value > 5);
  await page.clean();
});
