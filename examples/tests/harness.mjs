// Starts the server as a reader would, and opens its pages in a real browser.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, before } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = fileURLToPath(new URL("../../", import.meta.url));
const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Starts streamops-server; resolves with its page's address and a function that ends it. */
export async function serve(options, { cwd = root, env = {} } = {}) {
  const child = spawn(`${root}.venv/bin/streamops-server`, ["--port", "0", ...options], {
    cwd,
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (part) => (said += part));
  const exited = once(child, "exit");
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /^open (\S+)$/.exec(line)?.[1];
    if (url) return { url, end: () => (child.kill(), exited) };
  }
  throw new Error(`the server ended before it said where its pages are: ${said}`);
}

/** A browser for a file of tests: `page(url, options)` opens a page whose errors and warnings make `clean()` fail. */
export function useBrowser() {
  let browser;
  before(async () => {
    browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: flags });
  });
  after(() => browser.close());
  return async (url, { allowed = [], ...options } = {}) => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    const page = await context.newPage();
    const complaints = [];
    const complain = (text, at = "") => {
      if (!/favicon\.ico/.test(at) && !allowed.some((pattern) => pattern.test(text))) complaints.push(text);
    };
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complain(message.text(), message.location().url);
    });
    page.on("pageerror", (error) => complain(error.message));
    await page.goto(url);
    page.clean = async () => {
      assert.deepEqual(complaints, []);
      await context.close();
    };
    return page;
  };
}

/** The server of one example of the guide, for a file of tests. */
export function useExample(name) {
  const open = useBrowser();
  let server;
  before(async () => {
    server = await serve(["--views", "views", "--pages", "../pages"], { cwd: `${root}examples/guide/${name}` });
  });
  after(() => server.end());
  return (options) => open(server.url, options);
}

/** Records what `selector` shows from now on: the states of its text or of an attribute. */
export async function watch(page, selector, attribute = null) {
  await page.waitForSelector(selector, { state: "attached" });
  return page.evaluateHandle(
    ([query, name]) => {
      const seen = [];
      const look = () => {
        const element = document.querySelector(query);
        const state = name ? (element?.getAttribute(name) ?? null) : (element?.textContent.trim() ?? null);
        if (!seen.length || seen.at(-1) !== state) seen.push(state);
      };
      look();
      new MutationObserver(look).observe(document.body, {
        subtree: true,
        childList: true,
        characterData: true,
        attributes: true,
      });
      return seen;
    },
    [selector, attribute],
  );
}

/** Waits until a watched element has passed through a state; the state may be over. */
export const passed = (page, seen, state) =>
  page.waitForFunction(([states, wanted]) => states.includes(wanted), [seen, state]);

/** Waits until the text of `selector` is exactly this, without the white space around it. */
export const reads = (page, selector, text) =>
  page.waitForFunction(
    ([query, wanted]) => document.querySelector(query)?.textContent.trim() === wanted,
    [selector, text],
  );

/** The text of an element, without the white space around it. */
export const text = async (page, selector) => (await page.locator(selector).textContent()).trim();

/** Asserts that each text begins with the one before it: nothing that was shown is removed. */
export function onlyGrows(texts) {
  for (let i = 1; i < texts.length; i++) assert.ok(texts[i].startsWith(texts[i - 1]), `${texts[i - 1]} → ${texts[i]}`);
}
