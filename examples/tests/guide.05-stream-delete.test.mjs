import assert from "node:assert/strict";
import { test } from "node:test";
import { useExample } from "./harness.mjs";

const open = useExample("05-stream-delete");

test("the element is removed, and the others stay", async () => {
  const page = await open();
  await page.getByRole("button", { name: "Delete Two" }).click();
  await page.locator("#item-2").waitFor({ state: "detached" });
  assert.deepEqual(await page.locator("li").evaluateAll((all) => all.map(({ id }) => id)), ["item-1", "item-3"]);
  await page.getByRole("button", { name: "Delete One" }).click();
  await page.locator("#item-1").waitFor({ state: "detached" });
  assert.equal(await page.locator("li").count(), 1);
  await page.clean();
});
