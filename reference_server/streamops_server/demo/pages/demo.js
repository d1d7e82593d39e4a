// The demo's page: connects its four scenes, shows one of them at a time, and lists the frames as they arrive.

import { connect } from "/streamops/index.js";

const $ = (selector, root = document) => root.querySelector(selector);
const sections = [...document.querySelectorAll("main > section")];

// -- frames: kept as data, and drawn a few times a second, only while the list is visible ----------

const KEPT = 200;
const panel = $(".wire details");
const rows = $(".frames tbody");
const list = $(".frames");
const pause = $(".pause");
const began = performance.now();
let kept = []; // the frames in the table, and those that the next drawing adds
let fresh = 0; // how many of them are not in the table
let total = 0;
let timer = 0;

function seen(frame, direction) {
  total++;
  kept.push({ frame, direction, at: performance.now() - began });
  if (kept.length > 2 * KEPT) kept = kept.slice(-KEPT);
  fresh++;
  timer ||= setTimeout(draw, 120);
}

function draw() {
  timer = 0;
  $(".wire .total").textContent = total.toLocaleString("en");
  if (!panel.open || pause.ariaPressed == "true") return;
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 24;
  const added = kept.slice(-Math.min(fresh, KEPT)).map(row);
  fresh = 0;
  kept = kept.slice(-KEPT);
  rows.append(...added);
  while (rows.rows.length > KEPT) rows.rows[0].remove();
  if (atEnd) list.scrollTop = list.scrollHeight;
}

function row({ frame, direction, at }) {
  const tr = document.createElement("tr");
  const what = describe(frame);
  const isStream = frame?.type == "stream";
  const bad = frame?.type == "error" || frame?.ok === false || (isStream && frame.ops.some(({ op }) => op == "error"));
  tr.className = `${direction}${bad ? " bad" : ""}`;
  const cells = [
    (at / 1000).toFixed(3),
    direction == "in" ? "←" : "→",
    isStream ? frame.stream : (frame?.type ?? "?"),
    isStream ? frame.seq : "",
    isStream ? frame.n : "",
    what,
  ];
  for (const cell of cells) tr.insertCell().textContent = cell;
  tr.cells[1].ariaLabel = direction == "in" ? "from the server" : "to the server";
  tr.lastElementChild.title = what;
  return tr;
}

const short = (text, length = 18) => JSON.stringify(text.length > length ? text.slice(0, length) + "…" : text);

function describe(frame) {
  switch (frame?.type) {
    case "stream":
      return describeOps(frame.ops);
    case "view":
      return `version ${frame.version}, ${frame.html.length.toLocaleString("en")} characters`;
    case "event":
      return `${frame.event} #${frame.ref}`;
    case "reply":
      return `#${frame.ref} ${frame.ok ? "ok" : frame.error.code}`;
    case "hello":
      return frame.resume ? `resume #${frame.resume.attempt}` : (frame.view?.name ?? "");
    case "welcome":
      return frame.resumed ? "it goes on" : "new session";
    case "error":
      return frame.code;
    default:
      return "";
  }
}

function describeOps(ops) {
  const parts = [];
  for (const op of ops) {
    const last = parts.at(-1);
    if (last?.op == op.op && op.op != "text") last.times++;
    else parts.push({ op: op.op, times: 1, more: op.op == "text" ? short(op.text) : (op.reason ?? op.code ?? "") });
  }
  return parts.map(({ op, times, more }) => (times > 1 ? `${op} ×${times}` : `${op} ${more}`.trim())).join(", ");
}

pause.addEventListener("click", () => {
  pause.ariaPressed = String(pause.ariaPressed != "true");
  draw();
});
$(".wipe").addEventListener("click", () => {
  kept = [];
  fresh = 0;
  rows.replaceChildren();
});
panel.addEventListener("toggle", draw);
panel.open = matchMedia("(min-width: 60.01rem)").matches;

// -- connections ------------------------------------------------------------------------------------

const link = $(".link");
const states = new Map();
const forms = new Map(); // form → its hook, which shows why an event was refused
const sockets = new Set();
const words = { open: "connected", connecting: "connecting", waiting: "coming back", closed: "closed" };

// Simulates a connection that goes silent: nothing arrives on it, and it is not closed.
class Breakable extends WebSocket {
  constructor(...args) {
    super(...args);
    sockets.add(this);
    this.addEventListener("close", () => sockets.delete(this));
  }
  lose() {
    const { onclose } = this;
    this.onopen = this.onmessage = this.onclose = null;
    this.close(3000, "lost");
    onclose?.({ code: 1006 });
  }
}
$(".lose").addEventListener("click", () => {
  for (const socket of [...sockets]) socket.lose();
});

for (const section of sections) {
  const root = $(".stage", section);
  connect({
    url: "/live",
    root,
    view: { name: root.getAttribute("dj-view") },
    WebSocket: Breakable,
    onFrame: seen,
    onState(state) {
      states.set(root, state);
      const worst = ["closed", "waiting", "connecting", "open"].find((each) => [...states.values()].includes(each));
      link.dataset.state = worst;
      link.textContent = words[worst];
    },
    onReport(report) {
      const isParams = report.kind == "reply" && report.error.code == "bad_params";
      const form = isParams && forms.get($("[dj-hook=Refusal]", root));
      if (form) form.refused(report.error.message);
      else console.warn("streamops", report);
    },
  });
}

// -- which scene is shown ---------------------------------------------------------------------------

function show() {
  const wanted = sections.find(({ id }) => id == location.hash.slice(1)) ?? sections[0];
  for (const section of sections) section.hidden = section != wanted;
  for (const anchor of document.querySelectorAll("nav a")) {
    if (anchor.hash == `#${wanted.id}`) anchor.ariaCurrent = "page";
    else anchor.removeAttribute("aria-current");
  }
  document.title = `${$("h2", wanted).textContent} · Stream Ops demo`;
  scrollTo({ top: 0, behavior: "instant" });
}
addEventListener("hashchange", show);
show();

// -- the theme: the system's, until the button says otherwise ---------------------------------------

const theme = $(".theme");
const memory = (call) => {
  try {
    return call();
  } catch {} // a page may be denied storage
};
function paint(choice) {
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  if (choice) document.documentElement.dataset.theme = choice;
  theme.ariaPressed = String((choice ?? system) == "dark");
}
paint(memory(() => localStorage.getItem("theme")));
theme.addEventListener("click", () => {
  const choice = theme.ariaPressed == "true" ? "light" : "dark";
  memory(() => localStorage.setItem("theme", choice));
  paint(choice);
});

$(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address does not change, because its hash names the scene
  $("main").focus();
});

// -- the keyboard, and what screen readers announce -------------------------------------------------

// the Enter that takes a candidate of an input method; Safari says 229 alone
const composing = ({ isComposing, keyCode }) => isComposing || keyCode == 229;

document.addEventListener("keydown", (event) => {
  if (event.key == "Escape") $("section:not([hidden]) .stop")?.click();
  if (event.key == "Enter" && !event.shiftKey && !composing(event) && event.target.id == "question") {
    event.preventDefault();
    event.target.form.requestSubmit();
  }
});

document.addEventListener("submit", ({ target }) => {
  if (target.matches(".composer")) target.elements.content.focus();
});

// If one button replaces another, as Stop replaces Send, the focus moves to the new one.
let focused = null;
let wanted = false;
document.addEventListener("focusin", ({ target }) => (focused = target));
window.streamops.hooks = {
  Primary: {
    destroyed() {
      wanted = focused == this.el && document.activeElement == document.body;
    },
    mounted() {
      if (wanted) this.el.focus();
      wanted = false;
    },
  },
  // If the program refuses the params, the reason is shown beside the field until the field changes.
  Refusal: {
    message: "",
    mounted() {
      forms.set(this.el, this);
      this.el.addEventListener("submit", () => this.refused(""));
      this.el.addEventListener("input", () => this.refused(""));
    },
    refused(message) {
      this.message = message;
      this.updated();
      if (message) $("[aria-describedby]", this.el).focus();
    },
    updated() {
      const place = $("[role=alert]", this.el);
      if (place.textContent != this.message) place.textContent = this.message;
      $("[aria-describedby]", this.el).ariaInvalid = this.message ? "true" : null;
    },
  },
};

// Screen readers announce an answer when it is complete, not word by word.
const announcer = $("#announcer");
const endings = { complete: "Answer", cancelled: "Stopped", error: "Answer broke off" };
document.addEventListener("stream:start", ({ detail }) => {
  if (detail.stream == "answer") announcer.textContent = "An answer is being written";
});
document.addEventListener("stream:done", ({ target, detail }) => {
  if (detail.stream == "answer" && endings[detail.reason])
    announcer.textContent = `${endings[detail.reason]}: ${target.textContent}`;
});

// -- the log: a way back to its end -----------------------------------------------------------------

let looking = 0;
function look() {
  looking ||= setTimeout(() => {
    looking = 0;
    const lines = $(".lines");
    const button = $(".latest");
    if (!lines || !button) return;
    const away = lines.scrollHeight - lines.scrollTop - lines.clientHeight >= 40;
    if (away && button.hidden && !lines.hasAttribute("data-away"))
      look(); // once more: a scroll may be in progress
    else button.hidden = !away;
    lines.toggleAttribute("data-away", away);
  }, 300);
}
document.addEventListener("scroll", ({ target }) => target.matches?.(".lines") && look(), {
  capture: true,
  passive: true,
});
document.addEventListener("stream:update", look);
document.addEventListener("stream:done", look);
document.addEventListener("click", ({ target }) => {
  if (!target.matches(".latest")) return;
  const lines = $(".lines");
  lines.scrollTop = lines.scrollHeight;
  lines.focus();
});
