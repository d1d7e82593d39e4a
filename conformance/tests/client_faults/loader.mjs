// Loads js_client/src/FILE?dialect=v1&fault=NAME with that fault in its source, and what it imports likewise. Each fault
// has modules of its own in this way, and one process serves all of them.

import { FAULTS } from "./index.mjs";
import { changed } from "./table.mjs";

const SRC = new URL("../../../js_client/src/", import.meta.url).href;

export async function resolve(specifier, context, next) {
  const resolved = await next(specifier, context);
  const { search } = new URL(context.parentURL ?? "file:///");
  if (!search || !resolved.url.startsWith(SRC) || resolved.url.includes("?")) return resolved;
  return { ...resolved, url: resolved.url + search };
}

export async function load(url, context, next) {
  const { searchParams } = new URL(url);
  const loaded = await next(url, context);
  if (!url.startsWith(SRC) || !searchParams.has("fault")) return loaded;
  const name = searchParams.get("fault");
  const fault = FAULTS[searchParams.get("dialect")].get(name);
  if (url.split("?")[0] !== SRC + fault.file) return loaded;
  return { ...loaded, source: changed(fault, String(loaded.source), name) };
}
