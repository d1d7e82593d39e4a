// Loads the modules of the client with one fault in their source; `register`ed by faulty_testee.mjs, which names it,
// and by faulty_testee_v0.mjs, which gives it.

import { FAULTS } from "./client_faults/index.mjs";
import { changed } from "./client_faults/table.mjs";

let fault;
let name;

export function initialize(data) {
  name = data.name;
  fault = data.fault || FAULTS.get(name);
}

export async function load(url, context, next) {
  const loaded = await next(url, context);
  if (!url.endsWith(`/js_client/src/${fault.file}`)) return loaded;
  return { ...loaded, source: changed(fault, String(loaded.source), name) };
}
