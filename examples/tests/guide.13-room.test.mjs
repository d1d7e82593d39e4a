import assert from "node:assert/strict";
import { test } from "node:test";
import { useExample } from "./harness.mjs";

const open = useExample("13-room");

const said = (page) => page.locator("li").allTextContents();

async function say(page, text) {
  await page.getByLabel("Message").fill(text);
  await page.getByRole("button", { name: "Say" }).click();
}

test("what one reader says, every reader sees, and who comes later sees what comes later", async () => {
  const [ada, bob] = [await open(), await open()];
  for (const page of [ada, bob]) await page.locator("#count").waitFor();
  await say(ada, "Hello <b>Bob</b>");
  for (const page of [ada, bob]) await page.getByText("Hello <b>Bob</b>").waitFor();
  const cy = await open();
  await cy.locator("#count").waitFor();
  await say(bob, "Hello both");
  for (const page of [ada, bob, cy]) await page.getByText("Hello both").waitFor();
  assert.deepEqual(await said(cy), ["Hello both"]);
  assert.deepEqual(await said(ada), ["Hello <b>Bob</b>", "Hello both"]);
  await cy.clean(); // cy leaves, and the others go on
  await say(bob, "Who is there?");
  for (const page of [ada, bob]) {
    await page.locator("#count", { hasText: "3" }).waitFor();
    await page.clean();
  }
});
