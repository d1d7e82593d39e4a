// The size of what every page loads: all modules but those on demand, minified and gzipped.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { minify } from "terser";

const BOUND = 6 * 1024; // bytes
const SRC = fileURLToPath(new URL("../src", import.meta.url));

/** The size of an entry without its imports of `without`. */
async function sizeOf(entry, without = []) {
  const { outputFiles } = await build({
    stdin: { contents: entry, resolveDir: SRC },
    bundle: true,
    minifySyntax: true,
    external: without,
    format: "esm",
    target: "es2022",
    legalComments: "none",
    write: false,
  });
  const { code } = await minify(outputFiles[0].text, {
    module: true,
    compress: { ecma: 2022, passes: 3, unsafe_arrows: true },
    mangle: { properties: { regex: /^_/ } },
  });
  return { minified: Buffer.byteLength(code), gzipped: gzipSync(code, { level: 9 }).length };
}

const MODULES = readdirSync(SRC).map((name) => `./${name}`);
const ON_DEMAND = {
  "./view.js": ["./view-frame.js"],
  "./reader.js": [
    "./input.js", "./outgoing.js", "./reset.js", "./returning.js", "./scroll.js", "./values.js", "./waiting.js",
  ],
  "./hooks.js": [],
  "./v0.js": [],
  "./integrity.js": [],
};

test("the whole client stays small", async (t) => {
  const later = Object.entries(ON_DEMAND).flat(2);
  const { gzipped, minified } = await sizeOf(`export * from "./index.js"; export * from "./auto.js";`, later);
  t.diagnostic(`${gzipped} bytes gzipped, ${minified} minified`);
  for (const [module, parts] of Object.entries(ON_DEMAND)) {
    const loaded = MODULES.filter((name) => name != module && !parts.includes(name));
    const size = await sizeOf(`export * from "${module}";`, loaded);
    t.diagnostic(`on demand: ${module} ${size.gzipped} bytes gzipped`);
  }
  assert.ok(gzipped <= BOUND, `${gzipped} bytes are more than ${BOUND}`);
});
