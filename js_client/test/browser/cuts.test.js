// This client in Chromium, the reference server, and between them the fault proxy, which cuts every connection
// somewhere. The final page and its events have to be those of a run without cuts.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { inBrowser } from "./browser.js";

const SCRIPTS = 100;
const CUTS = 200;
const FAULTS = ["down:cut:every=500-2600", "up:cut:every=600-9000"]; // the event has more than 2,000 bytes
const bin = fileURLToPath(new URL("../../../.venv/bin/", import.meta.url));

/** Pseudorandom numbers from 0 to below 1. */
function chance(seed) {
  let state = seed;
  return () => (state = (state * 48271) % 0x7fffffff) / 0x7fffffff;
}

/** A script of many small steps with pauses, so that cuts occur in the middle of it. */
function script(random) {
  const one = (...choices) => choices[Math.floor(random() * choices.length)];
  const stream = () => one("a", "b", "c");
  const steps = {
    text: () => ({ do: "text", stream: stream(), text: one("one ", "zwei ", "🦊", "<b>", "tail".repeat(40)) }),
    prepend: () => ({ do: "text", stream: stream(), text: "first ", mode: "prepend" }),
    insert: () => ({ do: "insert", stream: stream(), html: one("<li>item</li>", "<i>x", "<p>one<p>two") }),
    replace: () => ({ do: "replace", stream: stream(), html: "<ul><li>again</li></ul>" }),
    prune: () => ({ do: "prune", stream: stream(), limit: 2, edge: one("top", "bottom") }),
    error: () => ({ do: "error", stream: stream(), error: "oh", code: "timeout" }),
    start: () => ({ do: "start", stream: stream() }),
    done: () => ({ do: "done", stream: stream() }),
    sleep: () => ({ do: "sleep_ms", ms: one(1, 5, 20) }),
    view: () => ({ do: "push_state" }),
  };
  const kinds = ["text", "text", "text", "insert", "sleep", "sleep", ...Object.keys(steps)];
  return Array.from({ length: 30 }, () => steps[one(...kinds)]());
}

/** Starts a program and waits for the line that has its address. */
async function started(program, args, pattern) {
  const child = spawn(bin + program, args, { stdio: ["ignore", "pipe", "inherit"] });
  const lines = [];
  const found = new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      lines.push(line);
      const address = pattern.exec(line)?.[1];
      if (address) resolve(address);
    });
    child.on("exit", () => reject(new Error(`${program} ended: ${lines.join("\n")}`)));
  });
  return { address: await found, lines, end: () => (child.kill("SIGINT"), once(child, "exit")) };
}

let browser, server, proxy;
before(async () => {
  browser = await inBrowser({ pages: { "/": { body: "<main></main>" } } });
  server = await started(
    "streamops-server",
    ["--conformance", "--port", "0", "--origin", browser.origin],
    /^ready (\S+)$/,
  );
  proxy = await started(
    "streamops",
    ["proxy", "127.0.0.1:0", server.address, "--seed", "7", ...FAULTS.flatMap((fault) => ["--fault", fault])],
    /^(ws:\S+) ->/,
  );
});
after(async () => {
  await proxy?.end();
  await server?.end();
  await browser?.close();
});

test("wherever connections are cut, the final page is the same as without cuts", async () => {
  const page = await browser.open();
  const random = chance(4711);
  const scripts = Array.from({ length: SCRIPTS }, () => script(random));
  const run = (url, one) =>
    page.evaluate(
      async ([url, script]) => {
        const { connect } = await import("/src/index.js");
        const root = document.createElement("main");
        document.body.replaceChildren(root);
        const told = [];
        const reports = [];
        const tell = ({ type, detail }) => told.push([type, detail.stream, detail.run, detail.reason ?? detail.ok].join(" "));
        const events = ["stream:start", "stream:error", "stream:done", "stream:integrity"];
        for (const name of events) root.addEventListener(name, tell);
        const hashes = new Set(); // of runs with a hash
        const client = connect({
          url,
          root,
          view: { name: "conformance", params: { vars: { a: "", b: "", c: "" } } },
          caps: ["html", "view", "ack", "resume", "x-conformance"],
          random: () => 0, // reconnects at once
          onReport: ({ kind, message }) => reports.push(`${kind}: ${message}`),
          onFrame: ({ stream, seq, ops = [] }) =>
            ops.forEach((op, place) => op.text_sha256 && hashes.add([stream, seq, place].join())),
        });
        const reply = await client.push("conformance.run", { script }).then(
          () => "ok",
          (error) => error.code,
        );
        const checked = () => told.filter((each) => each.startsWith("stream:integrity")).length;
        for (let wait = 0; wait < 500 && checked() < hashes.size; wait++) {
          await new Promise((resolve) => setTimeout(resolve, 10)); // hashes arrive later than `done`
        }
        const streams = { ...client.streams };
        const html = root.innerHTML;
        client.close();
        return { shown: { html, streams, reply }, told, reports };
      },
      [url, one],
    );
  for (const [number, one] of scripts.entries()) {
    const whole = await run(server.address, one);
    const cut = await run(proxy.address, one);
    const said = `script ${number}: ${JSON.stringify(one)}`;
    assert.deepEqual(cut.reports, [], said);
    assert.deepEqual(cut.shown, whole.shown, said);
    assert.deepEqual(ordered(cut.told), ordered(whole.told), said);
  }
  const cuts = proxy.lines.filter((line) => / cut after /.test(line)).length;
  assert.ok(cuts >= CUTS, `${cuts} connections were cut; make the scripts longer`);
  assert.deepEqual(page.errors, []);
});

/** The events of each stream, in order. Hashes are computed asynchronously, so their events come last, sorted. */
function ordered(told) {
  const streams = {};
  const isHash = (each) => each.startsWith("stream:integrity");
  for (const each of [...told.filter((each) => !isHash(each)), ...told.filter(isHash).sort()]) {
    (streams[each.split(" ")[1]] ??= []).push(each);
  }
  return streams;
}
