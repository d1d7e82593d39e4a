import assert from "node:assert/strict";
import { test } from "node:test";
import { onlyGrows, reads, text, useExample, watch } from "./harness.mjs";

const open = useExample("03-stream-text");
const LOG = "[dj-stream=log]";
const LINES = [1, 2, 3, 4, 5].map((number) => `line ${number} <ok>`).join("\n");

test("lines are appended as text, never as markup", async () => {
  const page = await open();
  const seen = await watch(page, LOG);
  await page.getByRole("button", { name: "Read the log" }).click();
  await reads(page, LOG, LINES);
  assert.equal(await page.locator(`${LOG} *`).count(), 0);
  onlyGrows(await seen.jsonValue());
  await page.clean();
});

test("a text goes to the end, to the front, or replaces everything", async () => {
  const page = await open();
  await page.getByRole("button", { name: "Append" }).click();
  await page.getByRole("button", { name: "Append" }).click();
  await reads(page, "[dj-stream=output]", "token token");
  await page.getByRole("button", { name: "Read the log" }).click();
  await reads(page, LOG, LINES);
  await page.getByRole("button", { name: "Prepend" }).click();
  await reads(page, LOG, `a new line\n${LINES}`);
  assert.equal(await text(page, "[dj-stream=status]"), "Waiting");
  await page.getByRole("button", { name: "Replace" }).click();
  await reads(page, "[dj-stream=status]", "Complete!");
  await page.clean();
});
