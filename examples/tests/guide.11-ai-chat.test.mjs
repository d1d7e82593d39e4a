import assert from "node:assert/strict";
import { test } from "node:test";
import { reads, text, useExample, watch } from "./harness.mjs";

const open = useExample("11-ai-chat");

async function ask(page, question) {
  await page.getByLabel("Message").fill(question);
  await page.getByRole("button", { name: "Send" }).click();
}

test("an answer streams in, with an indicator; the box keeps its focus, and what is typed meanwhile", async () => {
  const page = await open();
  const button = await watch(page, "form button");
  const busy = await watch(page, "form", "aria-busy");
  const messages = await watch(page, "#messages", "aria-busy");
  await page.evaluate(() => {
    window.indicated = 0;
    const look = () => (window.indicated ||= document.querySelectorAll(".typing-indicator span").length);
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true });
  });
  const box = page.getByLabel("Message");
  await box.fill("Who are you?");
  await box.press("Enter");
  await page.locator(".typing-indicator").waitFor();
  assert.equal(await box.inputValue(), "", "emptied at once");
  await box.pressSequentially("And I?");
  await box.press("Enter"); // not sent while the answer comes
  await reads(page, ".message.assistant .content", "You asked: Who are you? Here is what I know.");
  await page.locator(".typing-indicator").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Send" }).waitFor();
  assert.deepEqual(await box.evaluate((el) => [el == document.activeElement, el.value]), [true, "And I?"]);
  assert.deepEqual(await button.jsonValue(), ["Send", "...", "Send"]);
  assert.deepEqual(await busy.jsonValue(), [null, "true", null]);
  assert.deepEqual(await messages.jsonValue(), [null, "true", null]);
  assert.equal(await page.evaluate(() => window.indicated), 3, "three dots");
  assert.equal(await text(page, ".message.user .content"), "Who are you?");
  assert.equal(await page.locator(".message").count(), 2);
  await box.press("Enter");
  await reads(page, ".message:last-of-type .content", "You asked: And I? Here is what I know.");
  assert.equal(await page.locator("[role=alert]").count(), 0);
  await page.clean();
});

test("an error is shown separately, the content stays, and the chat continues", async () => {
  const page = await open();
  await ask(page, "Please fail now");
  await reads(page, "[role=alert]", "Error: the model hung up");
  await page.locator(".typing-indicator").waitFor({ state: "detached" });
  assert.equal(await text(page, ".message.assistant .content"), "You asked: Please fail");
  await page.getByRole("button", { name: "Send" }).waitFor();
  await ask(page, "And now?");
  await page.locator("[role=alert]").waitFor({ state: "detached" });
  await reads(page, ".message:last-of-type .content", "You asked: And now? Here is what I know.");
  assert.equal(await page.locator(".message").count(), 4);
  await page.clean();
});
