import assert from "node:assert/strict";
import { test } from "node:test";
import { useExample } from "./harness.mjs";

const open = useExample("12-auto-scroll");

test("the hook keeps the list scrolled to its end", async () => {
  const page = await open();
  await page.getByRole("button", { name: "Talk" }).click();
  const last = page.getByText("Message 60", { exact: true });
  await last.waitFor();
  const { top, bottom } = await page.locator(".messages-list").evaluate((el) => ({
    top: el.scrollTop,
    bottom: el.scrollHeight - el.clientHeight,
  }));
  assert.ok(bottom > 300, "there is something to scroll");
  assert.ok(Math.abs(top - bottom) <= 1, `${top} of ${bottom}`);
  const box = await last.boundingBox();
  const list = await page.locator(".messages-list").boundingBox();
  assert.ok(box.y + box.height <= list.y + list.height + 1, "the last message is in view");
  await page.clean();
});
