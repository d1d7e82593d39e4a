import { test } from "node:test";
import { onlyGrows, reads, useExample, watch } from "./harness.mjs";

const open = useExample("09-several-streams");
const TEXTS = {
  "chat-messages": "Three streams write at the same time.",
  "typing-indicator": "...........",
  status: "one two three four five six seven",
};

test("the streams of one page run at the same time, and a view between them changes none", async () => {
  const page = await open();
  const seen = {};
  for (const name in TEXTS) seen[name] = await watch(page, `[dj-stream=${name}]`);
  await page.getByRole("button", { name: "Ask" }).click();
  for (const name in TEXTS) await reads(page, `[dj-stream=${name}]`, TEXTS[name]);
  for (const name in TEXTS) onlyGrows(await seen[name].jsonValue());
  await reads(page, "[dj-stream=response]", "All of them began");
  await page.clean();
});
