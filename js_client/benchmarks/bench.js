// npm run bench measures in Chromium: the cost of a token at the beginning and at the end of a long answer, also for
// djust's own client; 20,000 frames on a real WebSocket; the size of the client. It fails on no number.
// The sizes of texts take turns, after a warm-up, so that neither the engine's compilation nor other work of the machine
// looks like a difference between them. The numbers are medians.

import { execFileSync } from "node:child_process";
import { globSync } from "./glob.js";
import { done, frame, start, text } from "../test/helpers.js";
import { auto, inBrowser } from "../test/browser/browser.js";

const here = (path) => new URL(path, import.meta.url).pathname;
const DJUST = process.env.DJUST_CLIENT || globSync(here("../../.djust-venv/lib"), "site-packages/djust/static/djust/client.js");
const SIZES = [1_000, 10_000, 100_000];
const FRAMES = 20_000;

const ROUNDS = 15;

/**
 * Runs in the page: measures the cost of a token in µs, by size of the text. `kind` is "frame" (a frame for each
 * token), "op" (only the operation) or "djust" (a frame for djust's client).
 * The first token after a layout is measured separately, because the browser then updates the layout of the whole
 * paragraph at once. Otherwise it does this before the next paint.
 */
async function measure({ kind, sizes, rounds }) {
  const batch = kind == "djust" ? 10 : 500;
  const pause = () => new Promise((resolve) => setTimeout(resolve, 30));
  const median = (times) => times.sort((a, b) => a - b)[times.length >> 1];
  const targetOf = (name) => `[dj-stream='${name}']`;
  const seqs = {};
  const message = (name, op) => {
    const seq = (seqs[name] = (seqs[name] || 0) + 1);
    return JSON.stringify({ type: "stream", stream: name, seq, n: 1, ops: [{ target: targetOf(name), ...op }] });
  };
  const token = (text, mode = "append") => ({ op: "text", text, mode });
  let feed;
  let made = message;
  if (kind == "djust") feed = (text) => window.djust.handleStreamMessage(JSON.parse(text));
  else if (kind == "op") {
    const { ops } = await import("/src/ops.js");
    made = (name, op) => [document.querySelector(targetOf(name)), op];
    feed = ([el, op]) => ops[op.op]?.(el, op, "");
  } else {
    const { connect } = await import("/src/index.js");
    const { load } = await import("/src/page.js");
    await load(); // so that each frame takes effect at once
    const socket = { readyState: 1, send() {}, close() {} };
    connect({ url: "/live", root: document.querySelector("main"), WebSocket: function () { return socket; } });
    socket.onopen();
    const limits = { max_frame_bytes: 65536, max_streams: 9, max_text_bytes: 8192, max_fps: 60, max_events: 9, cancel_ms: 0 };
    feed = (text) => socket.onmessage({ data: text });
    feed(JSON.stringify({ type: "welcome", session: "s", caps: ["html", "view"], limits, heartbeat_ms: 1e6 }));
  }
  /** Fills a stream with `size` tokens, in operations that fill one text node of this client each. */
  const fill = (name, size) => {
    const step = kind == "djust" ? size : 400; // many operations take djust's client a minute
    const tokens = Array.from({ length: size }, (_, i) => `token ${i} `);
    feed(made(name, token("", "replace")));
    for (let i = 0; i < size; i += step) feed(made(name, token(tokens.slice(i, i + step).join(""))));
  };
  /** The cost of the first token after a layout, and the mean cost of a batch of tokens after it. */
  const take = async (name) => {
    await pause();
    const all = Array.from({ length: batch * 1.2 + 1 }, (_, i) => made(name, token(`token ${i} `)));
    const begun = performance.now();
    feed(all[0]);
    const first = performance.now() - begun;
    for (const one of all.slice(1, -batch)) feed(one); // warms up after the pause
    const rest = all.slice(-batch);
    const before = performance.now();
    for (const one of rest) feed(one);
    return [first, (performance.now() - before) / batch].map((ms) => ms * 1000);
  };
  const names = sizes.map((size) => "s" + size);
  const main = document.querySelector("main");
  main.innerHTML = names.map((name) => `<div ${main.dataset.around || ""}><p dj-stream="${name}"></p></div>`).join("");
  for (const name of names) feed(made(name, { op: "start", run: 1 }));
  for (const [i, size] of sizes.entries()) fill(names[i], size);
  const taken = names.map(() => []);
  for (let round = -3; round < rounds; round++) // negative rounds are the warm-up
    for (let turn = 0; turn < names.length; turn++) {
      const i = (turn + round + 3) % names.length; // each size is first in some rounds
      const name = names[i];
      if (sizes[i] <= 10_000) fill(name, sizes[i]); // a small text would otherwise grow too much
      const costs = await take(name);
      if (round >= 0) taken[i].push(costs);
    }
  for (const name of names) {
    const whole = document.querySelector(targetOf(name)).textContent;
    if (!whole.endsWith(`token ${batch * 1.2} `)) throw new Error("the tokens did not arrive");
  }
  return [1, 0].map((which) => taken.map((costs) => median(costs.map((pair) => pair[which]))));
}

const content = `<main></main>`;
const unseen = `<main style="display: none"></main>`;
const scrolling = `<main data-around='data-stream-scroll style="height: 200px; overflow: auto"'></main>`;
const observer = `<script>
  window.tasks = [];
  new PerformanceObserver((list) => tasks.push(...list.getEntries().map((entry) => entry.duration))).observe({ type: "longtask" });
  window.begun = new Promise((resolve) => document.addEventListener("stream:start", () => resolve(performance.now())));
  window.ended = new Promise((resolve) => document.addEventListener("stream:done", () => resolve(performance.now())));
</script>`;
const flood = (say) => {
  say(frame("a", 1, start("a")));
  for (let i = 0; i < FRAMES; i++) say(frame("a", i + 2, text("a", `token ${i} `)));
  say(frame("a", FRAMES + 2, done("a")));
};

const { open, close } = await inBrowser({
  pages: {
    "/ours": { body: content },
    "/unseen": { body: unseen },
    "/scrolling": { body: scrolling },
    "/djust": { body: `${content}<script src="/djust.js"></script>` },
    "/flood": { body: auto(`<p dj-stream="a"></p>`, observer) },
  },
  files: DJUST ? { "/djust.js": DJUST } : {},
  session: flood,
});
try {
  const measured = async (path, kind) => {
    const page = await open(path);
    const costs = await page.evaluate(measure, { kind, sizes: SIZES, rounds: ROUNDS });
    await page.close();
    return costs;
  };
  const rows = [
    ["the operation alone", await measured("/unseen", "op")],
    ["streamops, not laid out", await measured("/unseen", "frame")],
    ["streamops", await measured("/ours", "frame")],
    ["streamops, with data-stream-scroll", await measured("/scrolling", "frame")],
    ...(DJUST ? [["djust's client.js", await measured("/djust", "djust")]] : []),
  ];
  const line = (name, cells) => console.log(name.padEnd(36) + cells.map((cell) => cell.padStart(12)).join(""));
  console.log(`µs for one token, by the number of tokens already shown: medians of ${ROUNDS} rounds in which the sizes take turns,`);
  console.log("after a warm-up. Each token has its own frame, which is parsed too, except in the row of the operation alone.\n");
  line("", [...SIZES.map((size) => size.toLocaleString("en")), "ratio"]);
  const ratio = (costs) => Math.max(...costs) / Math.min(...costs);
  for (const [name, [costs]] of rows) line(name, [...costs.map((cost) => cost.toFixed(2)), `× ${ratio(costs).toFixed(2)}`]);
  console.log("\nwanted: for streamops, a ratio of at most 1.3 (with data-stream-scroll, a short text scrolls at every token)");
  console.log("\nthe same for the first token after the page was laid out:\n");
  for (const [name, [, firsts]] of rows) line(name, firsts.map((cost) => cost.toFixed(0)));
  const last = (name) => rows.find(([row]) => row == name)?.[1][0].at(-1);
  const times = DJUST && (last("djust's client.js") / last("streamops")).toFixed(0);
  console.log(DJUST ? `\ndjust at ${SIZES.at(-1)}: × ${times} (wanted: at least 100)` : "\ndjust was not measured: `make djust` installs it");

  const page = await open("/flood");
  const [milliseconds, tasks] = await page.evaluate(async () => {
    const took = (await ended) - (await begun);
    await new Promise((resolve) => setTimeout(resolve, 500));
    return [took, tasks];
  });
  console.log(`\n${FRAMES} frames of one token on a WebSocket: ${Math.round(milliseconds)} ms, ${Math.round(FRAMES / milliseconds * 1000)} frames/s`);
  console.log(`tasks over 50 ms: ${tasks.length}${tasks.length ? `, the longest ${Math.max(...tasks)} ms` : ""} (wanted: none)`);
} finally {
  await close();
}
const size = execFileSync(process.execPath, ["--test", "--test-reporter=tap", here("../test/size.test.js")], { encoding: "utf8" });
console.log(`\nsize: ${/# (.* bytes gzipped.*)/.exec(size)?.[1]}`);
