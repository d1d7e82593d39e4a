// A page in Chromium speaks to a server, and Chromium's own developer tools export what they saw of it:
//   node recording.mjs PAGE WS PROTOCOL FILE MESSAGE …
// The page says each message in turn, the next one when an answer came, and closes a little after the last. The
// developer tools are those that Chromium carries, opened in a second tab; the HAR is what their button writes.

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [url, socket, protocol, out, ...says] = process.argv.slice(2);
const executablePath = process.env.CHROMIUM || "/usr/bin/chromium";
const root = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
const args = ["--headless", "--disable-gpu", "--remote-debugging-port=0", "--remote-allow-origins=*", ...root];
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const profile = await mkdtemp(join(tmpdir(), "streamops-recording-"));
const context = await chromium.launchPersistentContext(profile, { executablePath, args, viewport: null });
try {
  const page = await context.newPage();
  await page.goto(url);
  const tools = await developerTools();
  // They are there when they have seen a request.
  while (!(await tools.evaluate(seen))) {
    await page.evaluate(() => fetch(location.href).catch(() => {}));
    await pause(100);
  }
  await page.evaluate(converse, { socket, protocol, says });
  await writeFile(out, await tools.evaluate(exported));
} finally {
  await context.close();
  await rm(profile, { recursive: true, force: true, maxRetries: 3 });
}

async function developerTools() {
  const [port] = (await readFile(join(profile, "DevToolsActivePort"), "utf8")).split("\n");
  const targets = await (await fetch(`http://127.0.0.1:${port}/json/list`)).json();
  const { id } = targets.find((target) => target.type === "page" && target.url.startsWith(url));
  const tools = await context.newPage();
  const at = `127.0.0.1:${port}/devtools`;
  await tools.goto(`http://${at}/devtools_app.html?ws=${at}/page/${id}&panel=network`);
  return tools;
}

async function seen() {
  const { NetworkLog } = await import("./models/logs/logs.js");
  return NetworkLog.NetworkLog.instance().requests().length > 0;
}

async function exported() {
  const [{ Log }, { NetworkLog }] = await Promise.all([import("./models/har/har.js"), import("./models/logs/logs.js")]);
  const log = await Log.Log.build(NetworkLog.NetworkLog.instance().requests(), { sanitize: true });
  return JSON.stringify({ log });
}

function converse({ socket, protocol, says }) {
  return new Promise((resolve, reject) => {
    const ws = new WebSocket(socket, protocol ? [protocol] : []);
    const end = () => {
      ws.close();
      setTimeout(resolve, 100);
    };
    const goOn = () => (says.length ? ws.send(says.shift()) : setTimeout(end, 300));
    const answers = ["welcome", "reply", "connect", "mount", "noop", "patch", "html_update"];
    ws.onerror = () => reject(new Error(`no WebSocket to ${socket}`));
    ws.onopen = () => protocol && goOn(); // Without one the server speaks first.
    ws.onmessage = ({ data }) => answers.includes(JSON.parse(data).type) && goOn();
  });
}
