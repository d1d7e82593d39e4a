// Views whose code cannot be loaded. This is a separate file because node does not load a module again that failed.
import assert from "node:assert/strict";
import { register } from "node:module";
import { test } from "node:test";
import { given, settled, view } from "./ends.js";

const LOADER = `
  export async function load(url, context, next) {
    if (url.endsWith("/view.js")) throw new Error("Failed to fetch " + url);
    return next(url, context);
  }`;
register(`data:text/javascript,${encodeURIComponent(LOADER)}`);

const PAGE = `<p dj-stream="answer"></p>`;

test("code that cannot be loaded is reported; nothing is shown or acknowledged, and the client reconnects", async () => {
  const page = given(PAGE).open();
  page.say(view(`<h1>Hi</h1>`, 1));
  await settled(() => page.reports.length);
  assert.deepEqual(page.kinds(), ["load"]);
  assert.match(page.reports[0].message, /Failed to fetch .*view\.js/);
  assert.equal(page.socket.closed.code, 4504);
  assert.deepEqual([page.root.innerHTML, page.states.at(-1)[0]], [PAGE, "waiting"]);
  page.clock.pass(1000);
  assert.equal(page.sockets.length, 2);
});
