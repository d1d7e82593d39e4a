// Runs in the page: what can stand in a view, what a reader or a script does to it, and what the program changes.
// Each kind says for itself what must be seen after a view: what the html says differently from the last view's is the
// program's, everything else stays as the reader left it. Nothing here knows how the client does it.

/** The program's if it changed, the reader's otherwise. */
const either = (before, now, shown) => (before === now ? shown : now);
const WORDS = ["", "one", "two", "three & four", "<five>"];
const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
const word = (n) => WORDS[n % WORDS.length];
const has = (flag, name) => (flag ? ` ${name}` : "");

customElements.define("x-clock", class extends HTMLElement {
  connectedCallback() {
    if (this.shadowRoot) return;
    this.attachShadow({ mode: "open" }).append("shadow");
    this.prepend(Object.assign(document.createElement("b"), { textContent: "own" }));
  }
});

/** A kind with one fact: `read` reads it, `act` changes it as a reader does, `html` shows what the program says. */
const simple = (start, html, read, act, change = (value, n) => word(n)) => ({
  start: (n) => change(start, n),
  html,
  first: (value) => value,
  read,
  act(el, n, shown) {
    act(el, n, shown);
    return read(el);
  },
  change,
  after: (before, now, shown) => either(before, now, shown),
});

const control = (el) => el.querySelector("input,textarea,select,details,dialog,video,[contenteditable]");
const OPTIONS = ["a", "b", "c", "d", "e"];
const options = ({ list, chosen }) => list.map((value) => `<option value="${value}"${has(chosen.includes(value), "selected")}>${value.toUpperCase()}</option>`).join("");
const listOf = (n) => OPTIONS.filter((_, i) => (n >> i) & 1);

export const kinds = {
  text: simple("", (value) => `<input value="${escaped(value)}">`, (el) => control(el).value, (el, n) => (control(el).value = word(n) + "!")),
  bare: simple("", (value) => `<label>x<input type="search" name="q"${value ? ` value="${escaped(value)}"` : ""}></label>`, (el) => control(el).value, (el, n) => (control(el).value = word(n))),
  number: simple("0", (value) => `<input type="range" max="9" value="${value}">`, (el) => control(el).value, (el, n) => (control(el).value = n % 10), (value, n) => String(n % 10)),
  area: simple("", (value) => `<textarea>${escaped(value)}</textarea>`, (el) => control(el).value, (el, n) => (control(el).value = word(n) + "?")),
  box: simple(false, (value) => `<input type="checkbox"${has(value, "checked")}>`, (el) => control(el).checked, (el) => control(el).click(), (value, n) => n % 2 == 1),
  details: simple(false, (value) => `<details${has(value, "open")}><summary>s</summary>x</details>`, (el) => control(el).open, (el, n) => (control(el).open = n % 2), (value, n) => n % 3 == 1),

  dialog: {
    start: (n) => ({ open: false, text: word(n) }),
    html: ({ open, text }) => `<dialog${has(open, "open")}><p>${escaped(text)}</p><form method="dialog"><button>x</button></form></dialog>`,
    first: ({ open }) => (open ? "open" : "closed"),
    read: (el) => (control(el).matches(":modal") ? "modal" : control(el).open ? "open" : "closed"),
    act(el, n) {
      const dialog = control(el);
      dialog.close();
      if (n % 3 == 1) dialog.show();
      if (n % 3 == 2) dialog.showModal();
      return ["closed", "open", "modal"][n % 3];
    },
    change: ({ open }, n) => ({ open: n % 4 ? open : !open, text: word(n) }),
    after: (before, now, shown) => (before.open == now.open ? shown : !now.open ? "closed" : shown == "closed" ? "open" : shown),
  },

  radio: {
    start: (n) => n % 4, // 3: none
    html: (chosen, id) => [0, 1, 2].map((i) => `<input type="radio" name="${id}" value="${i}"${has(chosen == i, "checked")}>`).join(""),
    first: (chosen) => chosen,
    read: (el) => [...el.querySelectorAll("input"), { checked: true }].findIndex(({ checked }) => checked),
    act(el, n) {
      el.querySelectorAll("input")[n % 3].click();
      return n % 3;
    },
    change: (chosen, n) => n % 4,
    after: (before, now, shown) => (before == now ? shown : now < 3 ? now : shown == before ? 3 : shown),
  },

  select: {
    start: (n) => ({ list: OPTIONS.slice(0, 3), chosen: OPTIONS.slice(0, 3).filter((_, i) => i == n % 4) }),
    html: (model) => `<select>${options(model)}</select>`,
    first: ({ list, chosen }) => chosen.at(-1) ?? list[0] ?? "",
    read: (el) => control(el).value,
    act(el, n) {
      const { length } = control(el).options;
      if (length) control(el).selectedIndex = n % length;
      return control(el).value;
    },
    change({ list, chosen }, n) {
      const after = n & 1 ? listOf(n >> 2) : list;
      return { list: after, chosen: n & 2 ? after.slice(n % 3, (n % 3) + 1) : chosen.filter((value) => after.includes(value)) };
    },
    after(before, now, shown) {
      const isSaid = before.chosen[0] != now.chosen[0];
      return !isSaid && now.list.includes(shown) ? shown : this.first(now);
    },
  },

  several: {
    start: (n) => ({ list: OPTIONS.slice(0, 4), chosen: listOf(n).filter((value) => value < "e") }),
    html: (model) => `<select multiple><optgroup label="g">${options(model)}</optgroup></select>`,
    first: ({ chosen }) => [...chosen].sort(),
    read: (el) => Array.from(control(el).selectedOptions, ({ value }) => value).sort(),
    act(el, n) {
      for (const [i, option] of [...control(el).options].entries()) option.selected = (n >> i) & 1;
      return this.read(el);
    },
    change({ list, chosen }, n) {
      const after = n & 1 ? listOf(n >> 1) : list;
      return { list: after, chosen: (n & 2 ? listOf(n >> 2) : chosen).filter((value) => after.includes(value)) };
    },
    after: (before, now, shown) =>
      now.list
        .filter((value) => (before.chosen.includes(value) == now.chosen.includes(value) && before.list.includes(value) ? shown : now.chosen).includes(value))
        .sort(),
  },

  editable: simple("", (value) => `<div contenteditable>${escaped(value)}<i>x</i></div>`, (el) => control(el).innerHTML, (el, n) => {
    if (n % 2) control(el).firstChild?.before(`typed ${word(n)}`);
    else control(el).innerHTML = "<p>pasted</p><p>more</p>";
  }),

  /** Attributes, classes and styles of scripts. */
  dressed: {
    start: (n) => ({ title: word(n), names: ["p", "q"].slice(n % 2), color: n % 2 ? "red" : "blue" }),
    html: ({ title, names, color }) => `<u title="${escaped(title)}" class="${names.join(" ")}" style="color: ${color}">x</u>`,
    first: ({ title, names, color }) => ({ title, names: [...names].sort(), color, width: "", data: null }),
    read(el) {
      const { title, classList, style, dataset } = el.querySelector("u");
      return { title, names: [...classList].sort(), color: style.color, width: style.width, data: dataset.x ?? null };
    },
    act(el, n) {
      const own = el.querySelector("u");
      if (n % 5 == 0) own.title = "script";
      if (n % 5 == 1) own.classList.toggle("s");
      if (n % 5 == 2) own.style.width = `${n}px`;
      if (n % 5 == 3) own.dataset.x = n;
      if (n % 5 == 4) own.style.color = "green";
      return this.read(el);
    },
    change: ({ title, names, color }, n) => ({ title: n % 3 ? title : word(n), names: n % 3 == 1 ? ["p", "q", "r"].slice(n % 4) : names, color: n % 3 == 2 ? ["red", "blue"][n & 1] : color }),
    after: (before, now, shown) => ({
      ...shown,
      title: either(before.title, now.title, shown.title),
      color: either(before.color, now.color, shown.color),
      names: [...new Set([...shown.names.filter((name) => !before.names.includes(name) || now.names.includes(name)), ...now.names.filter((name) => !before.names.includes(name))])].sort(),
    }),
  },

  /** What scripts add and take away. */
  widget: {
    start: (n) => ({ text: word(n), more: n % 2 }),
    html: ({ text, more }) => `<h2>${escaped(text)}</h2><s>gone?</s>${more ? "<em>more</em>" : ""}`,
    first: ({ text, more }) => ["H2" + text, "Sgone?", ...(more ? ["EMmore"] : [])],
    read: (el) => Array.from(el.children, (child) => child.nodeName + child.textContent),
    act(el, n) {
      if (n % 4 == 0) el.querySelector("s")?.remove();
      if (n % 4 == 1) el.append(Object.assign(document.createElement("button"), { textContent: n }));
      if (n % 4 == 2) el.prepend(Object.assign(document.createElement("button"), { textContent: n }));
      if (n % 4 == 3) el.querySelector("h2").after(Object.assign(document.createElement("button"), { textContent: n }));
      return this.read(el);
    },
    change: ({ more }, n) => ({ text: word(n), more: n % 3 ? more : !more }),
    after(before, now, shown) {
      const kept = shown.filter((one) => !/^EM/.test(one)).map((one) => (one.startsWith("H2") ? "H2" + now.text : one));
      if (!now.more) return kept;
      const at = before.more ? shown.indexOf("EMmore") : kept.includes("Sgone?") ? kept.indexOf("Sgone?") + 1 : kept.findIndex((one) => one.startsWith("H2")) + 1;
      return kept.toSpliced(at, 0, "EMmore");
    },
  },

  /** As a translator does: texts are taken away, and others stand in their place. */
  translated: {
    start: (n) => [word(n) + ".", word(n + 1) + "."],
    html: ([one, two]) => `${escaped(one)}<img alt="">${escaped(two)}`,
    first: (texts) => texts.join("|"),
    read: (el) => Array.from(el.childNodes, (node) => (node.nodeName == "IMG" ? "|" : node.textContent)).join(""),
    act(el, n) {
      const text = [...el.childNodes].filter(({ nodeName }) => nodeName != "IMG").at(n % 2 ? 0 : -1);
      const font = document.createElement("font");
      font.textContent = `T${n}`;
      text.replaceWith(font);
      return this.read(el);
    },
    change: ([one, two], n) => (n % 2 ? [word(n) + ".", two] : [one, word(n) + "."]),
    after(before, now, shown) {
      const texts = shown.split("|");
      return now.map((text, i) => either(before[i], text, texts[i])).join("|");
    },
  },

  clock: simple("", (value) => `<x-clock title="${escaped(value)}"></x-clock>`, (el) => {
    const { title, shadowRoot, textContent } = el.firstElementChild;
    return `${title} ${shadowRoot.textContent} ${textContent}`;
  }, () => {}),
};
/** What elements have by themselves. */
const kept = (html, read, act) => ({
  start: word,
  html,
  first: () => 0,
  read,
  act(el, n) {
    act(el, n);
    return read(el);
  },
  change: (text, n) => word(n),
  after: (before, now, shown) => shown,
});
const box = (el) => el.querySelector("[data-box]");
kinds.scroll = kept((text) => `<div data-box style="height: 20px; overflow: auto"><p style="height: 900px">${escaped(text)}</p></div>`, (el) => box(el).scrollTop, (el, n) => (box(el).scrollTop = n));
kinds.media = kept((text) => `<video title="${escaped(text)}"></video>`, (el) => 1 - control(el).volume, (el, n) => (control(el).volume = (n % 5) / 4));
kinds.popover = kept((text) => `<div data-box popover="manual">${escaped(text)}</div>`, (el) => +box(el).matches(":popover-open"), (el, n) => box(el).togglePopover(n % 2 == 1));
kinds.hooked = kept((text) => `<div dj-hook="Count">${escaped(text)}</div>`, (el) => el.firstChild.count || 0, (el, n) => (el.firstChild.count = n));

kinds.clock.first = (value) => `${value} shadow own`;
kinds.clock.after = (before, now) => kinds.clock.first(now);
kinds.number.first = (value) => value;
kinds.editable.first = (value) => `${escaped(value)}<i>x</i>`;
kinds.editable.after = (before, now, shown) => (before === now ? shown : kinds.editable.first(now));
