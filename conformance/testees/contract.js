/**
 * The testee's side of the contract (spec/v1/16-testing.md): the parts that are the same for every
 * client with a document. Copy this file to test your own client, in a browser or in jsdom.
 *
 * `open(aCase, report)` mounts `aCase.html`, connects a fresh client to `aCase.url` and returns
 *
 *     root                   the element whose children are the document
 *     streams()              name → { state, cursor, run?, error?, code? }
 *     ignored()              how many unknown things the client counted
 *     push(event, params), cancel(stream), close()
 *
 * and calls `report({ kind, message })` for each problem that the client finds.
 */

const EVENTS = ["start", "text", "update", "remove", "prune", "error", "done", "integrity"];

/** Opens a control connection to the runner. Settles when it has ended; rejects if it cannot be opened. */
export function answer({ control, window, open, name, scrolls = false, settle = async () => {} }) {
  const socket = new window.WebSocket(control);
  const say = (message) => socket.send(JSON.stringify(message));
  let current = null;
  let opened = false;
  let executed = 0;
  window.streamopsRan = () => { executed += 1; };

  const answers = {
    case(message) {
      current?.end();
      executed = 0;
      current = begin(message, window, open);
    },
    event: ({ event, params }) => current.client.push(event, params),
    cancel: ({ stream }) => current.client.cancel(stream),
    scroll: ({ stream, to }) => current.scroll(stream, to),
    async dump() {
      if (current.scrolled) await settle(); // a client may scroll before the next paint
      say({ ...current.dump(), ...(scrolls && { scroll: current.positions() }), executed });
    },
    end() {
      current.end();
      current = null;
    },
  };

  socket.addEventListener("open", () => {
    opened = true;
    say({ type: "ready", name, shows: "document", ...(scrolls && { scrolls }) });
  });
  socket.addEventListener("message", ({ data }) => {
    const message = JSON.parse(data);
    if (message.type !== "case" && message.case !== current?.number) return; // for an earlier case
    if (Object.hasOwn(answers, message.type)) answers[message.type](message);
  });
  return new Promise((resolve, reject) => {
    socket.addEventListener("close", () => {
      current?.end();
      if (opened) resolve();
      else reject(new Error(`There is no control connection at ${control}`));
    });
  });
}

function begin(aCase, window, open) {
  const reports = [];
  const events = [];
  const ids = new WeakMap(); // node → number, which identifies the object
  const client = open(aCase, (report) => reports.push(report));
  const { root } = client;
  let lastId = 0;
  let task = 0;
  let inTask = false;

  /** A number that is the same for all events that fire before the next microtask. */
  const stretch = () => {
    if (!inTask) {
      inTask = true;
      task += 1;
      window.queueMicrotask(() => { inTask = false; });
    }
    return task;
  };
  const heard = ({ type, detail }) => {
    const { stream, reason, ok } = detail ?? {};
    const cursor = client.streams()[stream]?.cursor;
    events.push({ event: type, stream, task: stretch(), cursor, reason, ok }); // JSON leaves out what is undefined
  };
  for (const event of EVENTS) root.addEventListener(`stream:${event}`, heard);

  const idOf = (node) => {
    if (!ids.has(node)) ids.set(node, (lastId += 1));
    return ids.get(node);
  };
  const tree = (parent) => [...parent.childNodes].map(describe).filter(Boolean);
  const describe = (node) => {
    const id = idOf(node);
    if (node.nodeType === 3) return { id, text: node.data };
    if (node.nodeType === 8) return { id, comment: node.data };
    if (node.nodeType !== 1) return null;
    const attrs = Object.fromEntries([...node.attributes].map((each) => [each.name, each.value]));
    return { id, tag: node.localName.toLowerCase(), attrs, children: tree(node) }; // not a template's content
  };
  const marked = () => {
    const first = new Map();
    for (const element of root.querySelectorAll("[dj-stream]")) {
      const stream = element.getAttribute("dj-stream");
      if (!first.has(stream)) first.set(stream, element);
    }
    return first;
  };

  return {
    number: aCase.case,
    client,
    scrolled: false,
    scroll(stream, to) {
      this.scrolled = true;
      const element = marked().get(stream);
      if (element) element.scrollTop = to === "top" ? 0 : element.scrollHeight;
    },
    positions: () => Object.fromEntries([...marked()].map(([stream, element]) => [stream, position(element)])),
    dump: () => ({
      type: "dumped",
      case: aCase.case,
      document: tree(root),
      alerts: [...root.ownerDocument.querySelectorAll("[role='alert']")].map((each) => each.textContent),
      streams: client.streams(),
      events,
      reports,
      ignored: client.ignored(),
    }),
    end() {
      client.close();
      for (const event of EVENTS) root.removeEventListener(`stream:${event}`, heard);
      root.remove();
    },
  };
}

/** The scroll position of an element; an element that cannot scroll is at its bottom. */
function position(element) {
  if (element.scrollTop + element.clientHeight >= element.scrollHeight - 1) return "bottom";
  return element.scrollTop <= 1 ? "top" : "between";
}
