// node benchmarks/views.js measures in Chromium what a view costs: a list of 1,000 items of which one has changed, beside
// idiomorph and morphdom alone on the same html, and appending to lists of growing length. Parsing is included. The
// candidates take turns, and the numbers are medians. It fails on no number.

import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { inBrowser } from "../test/browser/browser.js";

const ITEMS = 1_000;
const ROUNDS = 60;

/** Runs in the page: medians in ms. */
async function measure({ items, rounds, limits }) {
  const { Idiomorph, morphdom } = await import("/libraries.js");
  const { load } = await import("/src/page.js");
  const { connect } = await import("/src/index.js");
  await load();
  const html = (n, changed) => `<ul>${Array.from({ length: n }, (_, i) => `<li id="i${i}">item ${i}${i == changed ? " changed" : ""}</li>`).join("")}</ul><p dj-stream="log"></p>`;
  const median = (times) => times.sort((a, b) => a - b)[times.length >> 1];
  const rest = () => new Promise((resolve) => setTimeout(resolve, 5));

  const candidate = (show) => {
    const root = document.createElement("main");
    document.body.append(root);
    return show(root);
  };
  const client = (root) => {
    const socket = { readyState: 1, send() {}, close() {} };
    connect({ url: "/live", root, WebSocket: function () { return socket; } });
    const feed = (frame) => socket.onmessage({ data: frame });
    socket.onopen();
    feed(JSON.stringify({ type: "welcome", session: "s", caps: ["html", "view"], limits, heartbeat_ms: 1e6 }));
    return feed;
  };
  const ours = candidate((root) => {
    const feed = client(root);
    let version = 0;
    return (text) => feed(`{"type":"view","html":${text},"version":${++version},"streams":{}}`);
  });
  const idiomorph = candidate((root) => (text) => Idiomorph.morph(root, JSON.parse(text), { morphStyle: "innerHTML" }));
  const bare = candidate((root) => (text) => {
    const next = root.cloneNode();
    next.innerHTML = JSON.parse(text);
    morphdom(root, next, { childrenOnly: true });
  });
  const all = { ours, idiomorph, morphdom: bare };
  const times = { ours: [], idiomorph: [], morphdom: [] };
  const names = Object.keys(all);
  for (let round = -8; round < rounds; round++)
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(turn + round + 8) % names.length];
      const text = JSON.stringify(html(items, (round + 8) % items));
      await rest();
      const begun = performance.now();
      all[name](text);
      if (round >= 0) times[name].push(performance.now() - begun);
    }
  const views = Object.fromEntries(names.map((name) => [name, median(times[name])]));

  // appending an item to lists of these lengths
  const lengths = [100, 1_000, 10_000];
  const appends = lengths.map((length) => {
    const feed = candidate(client);
    const list = Array.from({ length }, (_, i) => `<li>item ${i}</li>`).join("");
    feed(JSON.stringify({ type: "view", html: `<ul dj-stream="list">${list}</ul>`, version: 1, streams: { list: { seq: 0, state: "idle" } } }));
    feed(JSON.stringify({ type: "stream", stream: "list", seq: 1, n: 1, ops: [{ op: "start", target: "[dj-stream='list']", run: 1 }] }));
    let seq = 1;
    return () => {
      const batch = Array.from({ length: 50 }, () => JSON.stringify({ type: "stream", stream: "list", seq: ++seq, n: 1, ops: [{ op: "append", target: "[dj-stream='list']", html: `<li><b>item</b> ${seq}</li>` }] }));
      const begun = performance.now();
      for (const frame of batch) feed(frame);
      return (performance.now() - begun) / batch.length;
    };
  });
  const costs = lengths.map(() => []);
  for (let round = -3; round < 40; round++)
    for (let turn = 0; turn < lengths.length; turn++) {
      const i = (turn + round + 3) % lengths.length;
      await rest();
      const cost = appends[i]();
      if (round >= 0) costs[i].push(cost * 1000);
    }
  return { views, lengths, appends: costs.map(median) };
}

const libraries = await build({
  stdin: { contents: `export { Idiomorph } from "idiomorph"; export { default as morphdom } from "morphdom";`, resolveDir: fileURLToPath(new URL(".", import.meta.url)) },
  bundle: true,
  format: "esm",
  outfile: fileURLToPath(new URL("../../node_modules/.cache/libraries.js", import.meta.url)),
  metafile: true,
});
const [outfile] = Object.keys(libraries.metafile.outputs);
const limits = { max_frame_bytes: 1e7, max_streams: 9, max_text_bytes: 8192, max_fps: 60, max_events: 9, cancel_ms: 0 };
// hidden, since the layout of a long list would be most of each number
const { open, close } = await inBrowser({ pages: { "/": { body: "<style>main { display: none }</style>" } }, files: { "/libraries.js": outfile } });
try {
  const page = await open();
  const { views, lengths, appends } = await page.evaluate(measure, { items: ITEMS, rounds: ROUNDS, limits });
  console.log(`ms for a view of ${ITEMS} items with one changed, medians of ${ROUNDS}:`);
  for (const [name, ms] of Object.entries(views)) console.log(name.padEnd(12), ms.toFixed(2), `× ${(ms / views.idiomorph).toFixed(2)}`);
  console.log("wanted: ours at most 4 ms, and at most 1.5 times idiomorph");
  console.log(`\nµs for an appended item, by the length of the list:`);
  lengths.forEach((length, i) => console.log(String(length).padEnd(12), appends[i].toFixed(1)));
  console.log(`ratio × ${(Math.max(...appends) / Math.min(...appends)).toFixed(2)} (wanted: at most 1.2)`);
} finally {
  await close();
}
