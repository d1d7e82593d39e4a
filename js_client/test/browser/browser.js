// A page in Chromium, and a server for it whose frames the test writes. Without a browser, the tests fail.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { WebSocketServer } from "ws";
import { WELCOME } from "../helpers.js";

const SOURCES = fileURLToPath(new URL("../../src/", import.meta.url));
const FLAGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

/**
 * @param {{pages: Record<string, {body: string, headers?: object}>, files?: Record<string, string>,
 *   session?: (say: (...frames: object[]) => void, hello: any, socket: any) => void}} options
 *   `session` is called after the welcome of each
 */
export async function inBrowser({ pages, files = {}, session = () => {} }) {
  const http = createServer(async (request, response) => {
    const path = new URL(request.url, "http://x").pathname;
    if (Object.hasOwn(pages, path)) {
      response.writeHead(200, { "content-type": "text/html; charset=utf-8", ...pages[path].headers });
      return response.end(`<!doctype html><title>t</title>${pages[path].body}`);
    }
    const file = Object.hasOwn(files, path) ? files[path] : /^\/src\/[a-z0-9-]+\.js$/.test(path) && SOURCES + path.slice(5);
    if (!file) return response.writeHead(404).end();
    response.writeHead(200, { "content-type": "text/javascript; charset=utf-8" }).end(await readFile(file));
  });
  const heard = [];
  const sockets = new WebSocketServer({ server: http, path: "/live", handleProtocols: () => "streamops.v1" });
  sockets.on("connection", (socket) => {
    const say = (...frames) => frames.forEach((frame) => socket.send(JSON.stringify(frame)));
    socket.on("message", (data) => {
      const frame = JSON.parse(String(data));
      heard.push(frame);
      if (frame.type == "hello") {
        say(WELCOME);
        session(say, frame, socket);
      }
    });
  });
  await new Promise((resolve) => http.listen(0, "127.0.0.1", resolve));
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: FLAGS });
  const origin = `http://127.0.0.1:${http.address().port}`;
  return {
    heard,
    origin,
    /** Opens a page. `errors` collects its errors. */
    async open(path = "/") {
      const page = await browser.newPage();
      const errors = [];
      page.on("pageerror", (error) => errors.push(String(error)));
      await page.goto(origin + path);
      return Object.assign(page, { errors });
    },
    async close() {
      await browser.close();
      for (const socket of sockets.clients) socket.terminate();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

/** A page that connects by itself, like the one in the README. */
export const auto = (content, more = "") => `${more}<main dj-view="Chat" dj-params='{"room": "lobby"}'>${content}</main><script type="module" src="/src/auto.js"></script>`;
