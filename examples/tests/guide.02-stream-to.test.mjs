import assert from "node:assert/strict";
import { test } from "node:test";
import { onlyGrows, reads, text, useExample, watch } from "./harness.mjs";

const open = useExample("02-stream-to");
const OUTPUT = "[dj-stream=output]";

test("the target is replaced by what the template renders", async () => {
  const page = await open();
  const seen = await watch(page, OUTPUT);
  await page.getByRole("button", { name: "Generate" }).click();
  await reads(page, OUTPUT, "Replaced at each chunk: <all> of it.");
  onlyGrows(await seen.jsonValue());
  await page.clean();
});

test("the target may be the stream or an id, and the html may come from the caller", async () => {
  const page = await open();
  await page.getByRole("button", { name: "By name" }).click();
  await reads(page, OUTPUT, "By name");
  await reads(page, "#custom-id", "By name"); // by the view at the end of the handler
  await page.getByRole("button", { name: "By selector" }).click();
  await reads(page, "#custom-id", "By selector");
  await page.getByRole("button", { name: "By html" }).click();
  await page.locator(`${OUTPUT} > p`).waitFor();
  assert.equal(await text(page, OUTPUT), "Custom HTML");
  assert.equal(await text(page, "#custom-id"), "By selector");
  await page.clean();
});
