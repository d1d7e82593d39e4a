import assert from "node:assert/strict";
import { test } from "node:test";
import { onlyGrows, reads, text, useExample, watch } from "./harness.mjs";

const open = useExample("01-quick-start");
const ANSWER = "Hello! I'm happy to help you with that.";

test("the question is shown, and the answer comes word by word", async () => {
  const page = await open();
  await page.getByPlaceholder("Type a message...").fill("How are <you>?");
  const seen = await watch(page, "#messages"); // before the answer begins, which a slow machine may miss otherwise
  await page.getByRole("button", { name: "Send" }).click();
  await reads(page, ".message.assistant", ANSWER);
  assert.equal(await text(page, ".message.user"), "How are <you>?");
  const states = (await seen.jsonValue())
    .filter((state) => state.includes("How are"))
    .map((state) => state.split(/\s+/).join(" "));
  onlyGrows(states);
  assert.ok(states.length > 3, "it was seen to grow");
  await page.getByPlaceholder("Type a message...").fill("Once more");
  await page.keyboard.press("Enter");
  await page.waitForFunction(
    (answer) =>
      [...document.querySelectorAll(".assistant")].filter((el) => el.textContent.trim() == answer).length == 2,
    ANSWER,
  );
  assert.equal(await page.locator(".message").count(), 4);
  await page.clean();
});
