import assert from "node:assert/strict";
import { test } from "node:test";
import { reads, useExample, watch } from "./harness.mjs";

const open = useExample("07-start-and-done");
const OUTPUT = "[dj-stream=output]";

test("the element has the loading class, and shows its cursor, only while it streams", async () => {
  const page = await open();
  const classes = await watch(page, OUTPUT, "class");
  const busy = await watch(page, OUTPUT, "aria-busy");
  await page.getByRole("button", { name: "Generate" }).click();
  await reads(page, OUTPUT, "It is written word by word.");
  await page.locator(`${OUTPUT}:not(.is-streaming)`).waitFor();
  assert.deepEqual(await classes.jsonValue(), [
    "stream-container",
    "stream-container is-streaming",
    "stream-container",
  ]);
  assert.deepEqual(await busy.jsonValue(), [null, "true", null]);
  const cursor = await page.locator(OUTPUT).evaluate((el) => {
    el.classList.add("is-streaming");
    return getComputedStyle(el, "::after").content;
  });
  assert.equal(cursor, '"▋"');
  await page.clean();
});
