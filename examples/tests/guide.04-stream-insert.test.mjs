import assert from "node:assert/strict";
import { test } from "node:test";
import { useExample } from "./harness.mjs";

const open = useExample("04-stream-insert");

test("html is inserted at both ends, and existing elements stay", async () => {
  const page = await open();
  const items = page.locator("[dj-stream=items] > .item");
  const two = await items.filter({ hasText: "Two" }).elementHandle();
  await page.getByRole("button", { name: "More" }).click();
  await items.filter({ hasText: "Four" }).waitFor();
  await page.getByRole("button", { name: "Newer" }).click();
  await items.filter({ hasText: "Zero" }).waitFor();
  assert.deepEqual(await items.allTextContents(), ["Zero", "One", "Two", "Three", "Four <4>"]);
  assert.ok(await two.evaluate((el) => el.isConnected), "the node is the same");
  await page.clean();
});
