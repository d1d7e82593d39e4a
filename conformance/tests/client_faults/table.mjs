/**
 * A table of faults of a client: a name, the requirement that it breaks, and the change of the real client's source
 * that makes it. The text that is changed has to stand in the source exactly once: a fault that no longer fits says so.
 */

/** An empty table with the functions that fill it. */
export function table() {
  const faults = new Map();

  /** Registers a fault: in `file` of js_client/src, `from` becomes `to`; further pairs may follow. */
  function fault(breaks, name, file, ...changes) {
    if (faults.has(name)) throw new Error(`${name} stands twice`);
    faults.set(name, { breaks, file, changes });
  }
  return { faults, fault };
}

/** The faults with servers of v1. */
export const { faults, fault } = table();

const PARSED = "frame = JSON.parse(text);";

/** A fault that does something to each frame that comes in: `code` sees `frame` and `this`, the session. */
export const incoming = (breaks, name, code) => fault(breaks, name, "core.js", PARSED, `${PARSED}\n${code}`);

/** The source of a module with the fault in it. Throws where the fault does not fit it. */
export function changed({ changes }, source, name) {
  for (let at = 0; at < changes.length; at += 2) {
    const parts = source.split(changes[at]);
    if (parts.length !== 2) throw new Error(`the fault ${name} fits ${parts.length - 1} places instead of one: ${changes[at]}`);
    source = parts.join(changes[at + 1]);
  }
  return source;
}
