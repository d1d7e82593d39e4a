/**
 * The table of faults of a client: a name, the requirement that it breaks, and the change of the real client's
 * source that makes it. What is changed has to stand there exactly once: a fault that no longer fits says so.
 */

export const FAULTS = new Map();

/** Registers a fault: in `file` of js_client/src, `from` becomes `to`; further pairs may follow. */
export function fault(breaks, name, file, ...changes) {
  if (FAULTS.has(name)) throw new Error(`${name} stands twice`);
  FAULTS.set(name, { breaks, file, changes });
}

const PARSED = "frame = JSON.parse(text);";
const SENT = "if (socket?.readyState == 1) socket.send(JSON.stringify(frame));";

/** A fault that does something to each frame that comes in: `code` sees `frame` and `state`, the session's. */
export const incoming = (breaks, name, code) => fault(breaks, name, "core.js", PARSED, `${PARSED}\n${code}`);

/** A fault in what goes out: `code` sees `frame` and the `send` of a text. */
export const outgoing = (breaks, name, code) =>
  fault(breaks, name, "socket.js", SENT, `if (socket?.readyState != 1) return;\nconst send = (raw) => socket.send(raw);\n${code}`);

/** The source of a module with the fault in it. Throws where the fault does not fit it. */
export function changed({ changes }, source, name) {
  for (let at = 0; at < changes.length; at += 2) {
    const parts = source.split(changes[at]);
    if (parts.length !== 2) throw new Error(`the fault ${name} fits ${parts.length - 1} places instead of one: ${changes[at]}`);
    source = parts.join(changes[at + 1]);
  }
  return source;
}
