import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { reads, serve, useBrowser } from "./harness.mjs";

const open = useBrowser();
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf-8");
const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1280, height: 800 };
let demo;
before(async () => (demo = await serve(["--demo"])));
after(() => demo.end());

/** Brings each scene into a state with content, errors and a running task. */
const ACTS = {
  async chat(page) {
    await page.getByRole("button", { name: "Why is it fast?" }).click();
    await page.locator(".is-streaming").waitFor();
  },
  async log(page) {
    await page.getByLabel("Pace").selectOption("20 lines a second");
    await page.getByRole("button", { name: "Write 10,000 lines" }).click();
    await page.locator(".level.warn").first().waitFor({ state: "attached" });
  },
  async progress(page) {
    await page.getByRole("button", { name: "Begin" }).click();
    await page.locator(".running").waitFor();
  },
  async errors(page) {
    await page.getByRole("button", { name: "Raise" }).click();
    await page.getByLabel("Seats").fill("none");
    await page.keyboard.press("Enter");
    await reads(page, "[data-stream-error-for=raised]", "The application failed");
  },
};

for (const [device, viewport] of Object.entries({ phone: PHONE, desktop: DESKTOP })) {
  for (const colorScheme of ["light", "dark"]) {
    test(`every scene is accessible and fits the screen: ${device}, ${colorScheme}`, async () => {
      const page = await open(demo.url, { viewport, colorScheme, allowed: [/^streamops/] });
      for (const [name, act] of Object.entries(ACTS)) {
        await page.locator(`nav a[href="#${name}"]`).click();
        await page.locator(`#${name} .primary, #${name} .secondary`).first().waitFor();
        for (const state of ["at first", "at work"]) {
          if (state == "at work") await act(page);
          await page.evaluate(axe);
          const { violations } = await page.evaluate(() => window.axe.run());
          const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
          assert.deepEqual(found, [], `${name}, ${state}`);
          const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
          assert.ok(wider <= 0, `${name}, ${state}: ${wider} px too wide`);
        }
      }
      await page.clean();
    });
  }
}

test("the smallest phones need no horizontal scrolling", async () => {
  const page = await open(demo.url, { viewport: { width: 360, height: 640 } });
  for (const name of Object.keys(ACTS)) {
    await page.locator(`nav a[href="#${name}"]`).click();
    await page.locator(`#${name} .primary, #${name} .secondary`).first().waitFor();
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), name);
  }
  await page.clean();
});

test("the keyboard skips the navigation, changes scenes, and asks a question", async () => {
  const page = await open(demo.url);
  await page.getByRole("button", { name: "Send" }).waitFor();
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the scene");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), "Conversation");
  await page.locator("nav a").nth(1).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "A log that runs" }).waitFor();
  assert.equal(await page.locator("nav [aria-current=page]").textContent(), "Log");
  assert.match(await page.title(), /^A log that runs/);
  await page.goBack();
  await page.getByRole("heading", { name: "A chat that writes" }).waitFor();
  const outline = await page.locator("#question").evaluate((el) => (el.focus(), getComputedStyle(el).outlineStyle));
  assert.equal(outline, "solid", "the focus is visible");
  await page.clean();
});

test("the theme is the system's until the reader chooses one, and the choice is kept", async () => {
  const page = await open(demo.url, { colorScheme: "dark" });
  const button = page.getByRole("button", { name: "Dark theme" });
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  assert.equal(await button.getAttribute("aria-pressed"), "true");
  const dark = await paper();
  await button.click();
  assert.equal(await button.getAttribute("aria-pressed"), "false");
  const light = await paper();
  assert.notEqual(light, dark);
  await page.reload();
  await page.getByRole("button", { name: "Send" }).waitFor();
  assert.equal(await paper(), light);
  await page.clean();
});

test("nothing is animated if the reader prefers reduced motion", async () => {
  const page = await open(demo.url, { reducedMotion: "reduce" });
  await page.getByRole("button", { name: "Why is it fast?" }).click();
  await page.locator(".is-streaming").waitFor();
  assert.equal(
    await page.locator(".is-streaming").evaluate((el) => getComputedStyle(el, "::after").animationName),
    "none",
  );
  await page.clean();
});

test("the frames are listed as they arrive, at most 200, and not while paused", async () => {
  const page = await open(demo.url);
  const cells = (row) => row.locator("td").allTextContents();
  const rows = page.locator(".frames tbody tr");
  await page.getByRole("button", { name: "Why is it fast?" }).click();
  await page.getByRole("cell", { name: "done complete" }).waitFor({ state: "attached" });
  const [time, arrow, stream, seq, n, what] = await cells(rows.filter({ hasText: "answer" }).first());
  assert.match(time, /^\d+\.\d{3}$/);
  assert.deepEqual([arrow, stream, seq, n, what], ["←", "answer", "1", "1", "start"]);
  assert.deepEqual((await cells(rows.filter({ hasText: "ask #1" }))).slice(1, 3), ["→", "event"]);

  await page.locator('nav a[href="#progress"]').click();
  await page.getByRole("button", { name: "Begin" }).click();
  await reads(page, ".now strong", "Complete");
  await page.waitForFunction(() => Number(document.querySelector(".wire .total").textContent) > 220);
  assert.equal(await rows.count(), 200);

  await page.getByRole("button", { name: "Pause" }).click();
  const last = await rows.last().textContent();
  const total = Number(await page.locator(".wire .total").textContent());
  await page.getByRole("button", { name: "Begin again" }).click();
  await page.waitForFunction((seen) => Number(document.querySelector(".wire .total").textContent) > seen + 20, total);
  assert.equal(await rows.last().textContent(), last);
  await page.getByRole("button", { name: "Pause" }).click();
  await page.waitForFunction((seen) => document.querySelector(".frames tr:last-child").textContent != seen, last);
  await page.locator(".wire").getByRole("button", { name: "Clear" }).click();
  await page.waitForFunction(() => document.querySelectorAll(".frames tbody tr").length < 100);
  await page.clean();
});

test("on a phone the list of frames is closed until the reader opens it", async () => {
  const page = await open(demo.url, { viewport: PHONE });
  await page.getByRole("button", { name: "Send" }).waitFor();
  assert.equal(await page.locator(".frames").isVisible(), false);
  await page.locator("summary").click();
  await page.locator(".frames tbody tr").first().waitFor();
  await page.locator("summary").press("Enter");
  await page.locator(".frames").waitFor({ state: "hidden" });
  await page.clean();
});

test("the page reconnects when the server is back", async () => {
  let server = await serve(["--demo"]);
  const page = await open(server.url, { allowed: [/WebSocket/, /^streamops/] });
  const link = (state) => page.locator(`.link[data-state=${state}]`).waitFor();
  await link("open");
  await page.waitForLoadState("networkidle"); // no module of the client is on its way any more
  await server.end();
  await link("waiting");
  server = await serve(["--demo", "--port", new URL(server.url).port]);
  try {
    await link("open");
    await page.getByRole("button", { name: "Why is it fast?" }).click();
    await page.locator(".is-streaming").waitFor();
    await page.clean();
  } finally {
    await server.end();
  }
});
