import assert from "node:assert/strict";
import { test } from "node:test";
import { reads, text, useExample, watch } from "./harness.mjs";

const open = useExample("06-stream-error");
const WRITTEN = "The answer begins well and";

test("the error is shown, and the content stays", async () => {
  const page = await open();
  await page.getByRole("button", { name: "Generate" }).click();
  await reads(page, "[role=alert]", "The model is away");
  assert.equal(await text(page, "[dj-stream=output]"), WRITTEN);
  assert.equal(await page.locator("[dj-stream=output] [role=alert]").count(), 0, "it is not part of the content");
  assert.ok(await page.locator("[dj-stream=output][data-stream-error]").count());
  assert.equal(await page.locator("[data-stream-active]").count(), 0, "the stream is closed");
  await page.clean();
});

test("a new attempt removes the error, and may fail again", async () => {
  const page = await open();
  await page.getByRole("button", { name: "Generate" }).click();
  await reads(page, "[role=alert]", "The model is away");
  const alerts = await watch(page, "[role=alert]");
  await page.getByRole("button", { name: "Generate" }).click();
  await reads(page, "[dj-stream=output]", `${WRITTEN} ${WRITTEN}`);
  await reads(page, "[role=alert]", "The model is away");
  assert.deepEqual(await alerts.jsonValue(), ["The model is away", null, "The model is away"]);
  await page.clean();
});
