// Runs in the page: random pages, what readers and scripts do to them, and what the program changes, shown by views and
// by operations that replace html. kinds.js says what must be seen.

import fc from "/fast-check.js";
import { load } from "/src/page.js";
import { connect } from "/src/index.js";
import { kinds } from "/view-kinds.js";

const LIMITS = { max_frame_bytes: 1e6, max_streams: 9, max_text_bytes: 8192, max_fps: 60, max_events: 9, cancel_ms: 0 };
const NAMES = Object.keys(kinds);
const number = fc.nat(255);

const edit = fc.oneof(
  { weight: 5, arbitrary: fc.record({ type: fc.constant("change"), item: number, n: number }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("insert"), kind: fc.constantFrom(...NAMES), n: number, at: number, group: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("remove"), item: number }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("move"), item: number, at: number, group: fc.boolean() }) },
);
const round = fc.record({
  acts: fc.array(fc.record({ item: number, n: number, focus: fc.boolean() }), { maxLength: 4 }),
  edits: fc.array(edit, { maxLength: 4 }),
  replaces: fc.boolean(),
});
const script = fc.record({
  kinds: fc.array(fc.record({ kind: fc.constantFrom(...NAMES), n: number, group: fc.boolean() }), { maxLength: 7 }),
  rounds: fc.array(round, { minLength: 1, maxLength: 5 }),
});

const wrap = ({ id, kind, model }) => `<div id="${id}">${kinds[kind].html(model, id)}</div>`;

class Page {
  items = [];
  next = 0;
  version = 0;
  seq = 0;

  constructor() {
    this.root = document.createElement("main");
    document.body.append(this.root);
    const socket = { readyState: 1, send() {}, close() {} };
    this.problems = [];
    this.client = connect({ url: "/live", root: this.root, WebSocket: function () { return socket; }, onReport: (report) => this.problems.push(report.message) });
    socket.onopen();
    this.feed = (frame) => socket.onmessage({ data: JSON.stringify(frame) });
    this.feed({ type: "welcome", session: "s", caps: ["html", "view"], limits: LIMITS, heartbeat_ms: 1e6 });
  }

  add({ kind, n, group, at = this.items.length }) {
    const model = kinds[kind].start(n);
    this.items.splice(at % (this.items.length + 1), 0, { id: `i${this.next++}`, kind, model, group, shown: undefined });
  }

  html() {
    const parts = [false, true].map((which) => this.items.filter(({ group }) => group == which).map(wrap).join("\n"));
    return `${parts[0]}<section id="g">${parts[1]}</section>`;
  }

  show(replaces) {
    const html = this.html();
    if (replaces) {
      const target = "[dj-stream='s']";
      const ops = [{ op: "replace", target, html }];
      if (!this.seq) ops.unshift({ op: "start", target, run: 1 });
      this.feed({ type: "stream", stream: "s", seq: this.seq + 1, n: ops.length, ops });
      this.seq += ops.length;
    } else {
      const entry = this.seq ? { seq: this.seq, state: "open", run: 1 } : { seq: 0, state: "idle" };
      this.feed({ type: "view", html: `<h1>${this.version}</h1><div dj-stream="s">${html}</div>`, version: ++this.version, streams: { s: entry } });
    }
  }

  act({ item, n, focus }) {
    const chosen = this.items[item % this.items.length];
    if (!chosen) return;
    chosen.shown = kinds[chosen.kind].act(chosen.el, n, chosen.shown);
    if (focus) chosen.el.querySelector("input,textarea,select,summary,button")?.focus();
  }

  edit({ type, item, n, ...more }) {
    const { items } = this;
    if (type == "insert") return this.add({ n, ...more });
    const chosen = items[item % items.length];
    if (!chosen) return;
    if (type == "change") chosen.model = kinds[chosen.kind].change(chosen.model, n);
    else items.splice(items.indexOf(chosen), 1);
    if (type == "move") {
      chosen.group = more.group;
      items.splice(more.at % (items.length + 1), 0, chosen);
    }
  }

  /** What must be seen after the program changed. */
  expect(before) {
    for (const item of this.items) {
      const { kind, model } = item;
      item.shown = before.has(item) ? kinds[kind].after(before.get(item), model, item.shown) : kinds[kind].first(model);
    }
  }

  check(active) {
    const same = (what, expected, observed) => {
      if (JSON.stringify(expected) != JSON.stringify(observed)) throw new Error(`${what}: expected ${JSON.stringify(expected)}, observed ${JSON.stringify(observed)} in ${this.root.innerHTML}`);
    };
    same("reports", [], this.problems);
    const ids = [false, true].flatMap((which) => this.items.filter(({ group }) => group == which).map(({ id }) => id));
    same("order", ids, Array.from(this.root.querySelectorAll("[id^=i]"), (el) => el.id));
    for (const item of this.items) {
      const el = this.root.querySelector(`#${item.id}`);
      if (item.el && item.el != el) throw new Error(`${item.id} is another element`);
      item.el = el;
      same(`${item.id} (${item.kind})`, item.shown, kinds[item.kind].read(el));
    }
    if (active?.isConnected && active.checkVisibility() && active != document.body) same("focus", active.outerHTML, document.activeElement.outerHTML);
  }
}

function run({ kinds: first, rounds }) {
  const page = new Page();
  try {
    first.forEach((one) => page.add(one));
    page.show(false);
    page.expect(new Map());
    page.check();
    for (const { acts, edits, replaces } of rounds) {
      acts.forEach((act) => page.act(act));
      const before = new Map(page.items.map((item) => [item, item.model]));
      const active = document.activeElement;
      edits.forEach((one) => page.edit(one));
      page.show(replaces);
      page.expect(before);
      page.check(active);
    }
  } finally {
    page.client.close();
    page.root.remove();
  }
}

/** @returns {Promise<{failed: boolean, report: string}>} */
export async function property(seed, numRuns) {
  await load();
  const details = fc.check(fc.property(script, run), { seed, numRuns });
  return { failed: details.failed, runs: details.numRuns, report: details.failed ? `${details.errorInstance?.stack}\n${fc.defaultReportMessage(details)}` : "" };
}
