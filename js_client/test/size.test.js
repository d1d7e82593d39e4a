// What a page has to load: everything but what is loaded on demand, minified and compressed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { minify } from "terser";

const BOUND = 6 * 1024; // bytes

/** The size of an entry without its imports of `without`. */
async function sizeOf(entry, without = []) {
  const { outputFiles } = await build({
    stdin: { contents: entry, resolveDir: fileURLToPath(new URL("../src", import.meta.url)) },
    bundle: true,
    external: without,
    format: "esm",
    target: "es2022",
    legalComments: "none",
    write: false,
  });
  const { code } = await minify(outputFiles[0].text, {
    module: true,
    compress: { ecma: 2022, passes: 3, unsafe_arrows: true, reduce_vars: false },
    mangle: { properties: { regex: /^_/ } },
  });
  return { minified: Buffer.byteLength(code), gzipped: gzipSync(code, { level: 9 }).length };
}

test("the whole client stays small", async (t) => {
  const onDemand = ["./view.js", "./hooks.js", "./v0.js", "./integrity.js"];
  const { gzipped, minified } = await sizeOf(`export * from "./index.js"; export * from "./auto.js";`, onDemand);
  t.diagnostic(`${gzipped} bytes gzipped, ${minified} minified`);
  for (const module of onDemand) t.diagnostic(`on demand: ${module} ${(await sizeOf(`export * from "${module}";`)).gzipped} bytes gzipped`);
  assert.ok(gzipped <= BOUND, `${gzipped} bytes are more than ${BOUND}`);
});
