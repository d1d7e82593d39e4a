import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { reads, serve, text, useBrowser, watch } from "./harness.mjs";

const open = useBrowser();
let demo;
before(async () => (demo = await serve(["--demo"])));
after(() => demo.end());

const scene = (options) => open(`${demo.url}#errors`, { allowed: [/^streamops/], ...options });
const problem = (name) => `[data-stream-error-for=${name}]`;

test("if a handler raises, a plain message is shown beside the content, without a secret", async () => {
  const page = await scene();
  await page.getByRole("button", { name: "Raise" }).click();
  await reads(page, `${problem("raised")}[role=alert]`, "The application failed");
  assert.equal(await text(page, "[dj-stream=raised]"), "The first half of the report is ready, and the second");
  assert.equal(await page.getByText("swordfish").count(), 0);
  await page.clean();
});

test("an error is removed when the program recovers, and the run continues", async () => {
  const page = await scene();
  const seen = await watch(page, problem("recovered"));
  const roles = await watch(page, problem("recovered"), "role");
  await page.getByRole("button", { name: "Measure" }).click();
  await reads(
    page,
    "[dj-stream=recovered]",
    "Reading the measurements of the north station. The other line works. All values are here.",
  );
  assert.deepEqual(await seen.jsonValue(), ["", "The station does not answer, trying the other line", ""]);
  assert.ok((await roles.jsonValue()).includes("alert"));
  await page.clean();
});

test("a second attempt replaces the failed one", async () => {
  const page = await scene();
  await page.getByRole("button", { name: "Ask", exact: true }).click();
  await reads(page, `${problem("retried")}[role=alert]`, "The model is busy");
  await page.getByRole("button", { name: "Try again" }).click();
  await reads(
    page,
    "[dj-stream=retried]",
    "Asking the model for a summary. Here it is: it rained, and then it did not.",
  );
  assert.equal(await text(page, problem("retried")), "");
  await page.getByRole("button", { name: "Ask", exact: true }).waitFor();
  await page.clean();
});

test("refused params are shown beside the field until it changes, also after a view", async () => {
  const page = await scene();
  const seats = page.getByLabel("Seats");
  await seats.fill("99");
  await page.keyboard.press("Enter");
  await reads(page, "#seats-problem", "Give a number of seats from 1 to 8");
  assert.equal(await seats.getAttribute("aria-invalid"), "true");
  assert.equal(await page.evaluate(() => document.activeElement.id), "seats");
  await page.getByRole("button", { name: "Ask", exact: true }).click();
  await page.getByRole("button", { name: "Try again" }).waitFor(); // a view arrived
  assert.equal(await text(page, "#seats-problem"), "Give a number of seats from 1 to 8");
  await seats.fill("3");
  assert.equal(await text(page, "#seats-problem"), "");
  await page.keyboard.press("Enter");
  await reads(page, ".outcome", "3 seats booked");
  assert.equal(await seats.getAttribute("aria-invalid"), null);
  await page.clean();
});
