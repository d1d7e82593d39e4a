import assert from "node:assert/strict";
import { test } from "node:test";
import { passed, reads, useExample, watch } from "./harness.mjs";

const open = useExample("08-push-state");

test("each state is shown, the last one without a call, while the reader continues to type", async () => {
  const page = await open();
  const seen = await watch(page, "main p");
  await page.getByRole("button", { name: "Process" }).click();
  await page.getByLabel("Notes").pressSequentially("half a ");
  await passed(page, seen, "Processing...");
  await page.keyboard.type("sentence");
  await reads(page, "main p", "Complete!");
  assert.deepEqual(await seen.jsonValue(), ["Ready", "Analyzing...", "Processing...", "Complete!"]);
  assert.equal(await page.getByLabel("Notes").inputValue(), "half a sentence");
  assert.equal(await page.evaluate(() => document.activeElement.name), "notes");
  await page.clean();
});
