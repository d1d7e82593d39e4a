// Bad input is answered as the table of chapter 13 says: the vectors that every client can run.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { given, WELCOME } from "./helpers.js";

const FILE = new URL("../../schemas/vectors/v1/rules/bad-input.json", import.meta.url);
const VECTORS = JSON.parse(readFileSync(FILE, "utf8")).filter(({ side }) => side == "client");
const PAGE = `<p dj-stream="a"></p><p dj-stream="b"></p><p id="x"></p>`;

/** What the client did: one of the three answers. */
function answer(page) {
  if (page.socket.closed || page.sockets.length > 1) {
    assert.equal(page.sockets[0].closed.code, 4400);
    assert.ok(page.reports.length > 0, "a violation is reported");
    return "broken";
  }
  return page.kinds().some((kind) => kind == "target" || kind == "missing_target") ? "refused" : "ignored";
}

for (const { description, answer: due, stage, caps = [], before = [], binary, if_noticed, message } of VECTORS)
  test(description, () => {
    const page = given(PAGE).open(stage == "connected" ? null : { ...WELCOME, caps });
    page.say(...before);
    if (binary) page.socket.onmessage({ data: new TextEncoder().encode(message) });
    else page.say(message);
    assert.ok([due, if_noticed && "ignored"].includes(answer(page)), `${due} is due, not ${answer(page)}`);
  });
