// What readers and scripts did to a page stays, and what the program changed is shown: 2,000 random pages.
// SEED=… draws others; the report of a failure has the smallest page that was found.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { inBrowser } from "./browser.js";

const SEED = Number(process.env.SEED || 1);
const RUNS = Number(process.env.RUNS || 2000);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));

test("a view changes what the program changed, and nothing else", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "property-"));
  const bundle = join(folder, "fast-check.js");
  await build({ stdin: { contents: `export { default } from "fast-check";`, resolveDir: here(".") }, bundle: true, format: "esm", outfile: bundle });
  const files = { "/fast-check.js": bundle, "/view-kinds.js": here("view-kinds.js"), "/view-property.js": here("view-property.js") };
  const browser = await inBrowser({ pages: { "/": { body: "" } }, files });
  try {
    const page = await browser.open();
    t.diagnostic(`SEED=${SEED} draws these ${RUNS} pages`);
    const { failed, runs, report } = await page.evaluate(
      ([seed, numRuns]) => import("/view-property.js").then(({ property }) => property(seed, numRuns)),
      [SEED, RUNS],
    );
    assert.equal(failed, false, report);
    assert.equal(runs, RUNS);
    assert.deepEqual(page.errors, []);
  } finally {
    await browser.close();
    await rm(folder, { recursive: true });
  }
});
