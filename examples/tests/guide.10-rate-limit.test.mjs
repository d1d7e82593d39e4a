import assert from "node:assert/strict";
import { test } from "node:test";
import { reads, text, useExample } from "./harness.mjs";

const open = useExample("10-rate-limit");
const COUNT = 10_000;

test("the output of a fast loop arrives completely and in order, in far fewer frames", async () => {
  const page = await open();
  await page.evaluate(() => {
    window.whole = null;
    document.addEventListener(
      "stream:integrity",
      ({ detail }) => detail.stream == "numbers" && (window.whole = detail.ok),
    );
  });
  await page.evaluate(() => {
    const seqs = new Set(); // text operations of one frame have one seq
    document.addEventListener("stream:text", ({ detail }) => detail.stream == "numbers" && seqs.add(detail.seq));
    document.addEventListener(
      "stream:done",
      ({ detail }) => detail.stream == "numbers" && (window.frameCount = seqs.size),
    );
  });
  await page.getByRole("button", { name: "Count" }).click();
  await reads(page, "[dj-stream=last]", String(COUNT - 1));
  await page.waitForFunction(() => window.whole !== null);
  assert.equal(await text(page, "[dj-stream=numbers]"), Array.from({ length: COUNT }, (_, number) => number).join(" "));
  assert.equal(await page.evaluate(() => window.whole), true, "the text is the one that the program wrote");
  const frames = await page.evaluate(() => window.frameCount);
  assert.ok(frames > 0 && frames < COUNT / 10, `${frames} frames`);
  await page.clean();
});
