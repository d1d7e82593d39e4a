// Starts Chromium with its own profile, ends the same process, and serves its pages.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { chromium } from "playwright-core";

const FLAGS = [
  "--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
];
const TYPES = { ".html": "text/html", ".js": "text/javascript" };

/** Serves the given files: path → a file URL, or a string. Resolves to the origin. */
export async function serve(files) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://127.0.0.1");
    const file = Object.hasOwn(files, pathname) ? files[pathname] : files["/*"]?.(pathname);
    try {
      const body = typeof file === "string" ? file : await readFile(file);
      const type = TYPES[extname(pathname)] ?? "text/html";
      response.writeHead(200, { "content-type": `${type}; charset=utf-8` }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  return `http://127.0.0.1:${server.address().port}`;
}

/** Opens `url` and stays until the page calls `streamopsOver()`, or this process is ended. */
export async function stay(url) {
  const profile = await mkdtemp(join(tmpdir(), "streamops-testee-"));
  let context;
  let ending = false;
  const end = async (code) => {
    if (ending) return;
    ending = true;
    await context?.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 3 });
    process.exit(code);
  };
  process.on("SIGTERM", () => end(0));
  process.on("SIGINT", () => end(0));
  try {
    const executablePath = process.env.CHROMIUM || "/usr/bin/chromium";
    context = await chromium.launchPersistentContext(profile, { executablePath, args: FLAGS, viewport: null });
    const page = await context.newPage();
    page.on("pageerror", (error) => console.error(String(error.stack ?? error)));
    await page.exposeFunction("streamopsOver", () => end(0));
    await page.goto(url, { waitUntil: "commit" });
  } catch (error) {
    if (!ending) console.error(error.message);
    await end(1);
  }
}

/** A page with `count` frames of `source`. It calls `streamopsOver()` when the last of them has ended. */
export function frames(count, source) {
  return `<!doctype html><title>Clients under test</title><script>
    let left = ${count};
    window.frameOver = () => { left -= 1; if (left === 0) window.streamopsOver(); };
  </script>${`<iframe src="${source}" width="300" height="200"></iframe>`.repeat(count)}`;
}
