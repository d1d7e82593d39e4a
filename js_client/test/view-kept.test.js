// What a view and a replaced html leave as it is, and what the program takes back. Random pages in Chromium are in
// browser/view-property.test.js.
import assert from "node:assert/strict";
import { test } from "node:test";
import { frame, html, start, text, view, welcomed } from "./helpers.js";

/** A page that shows this html as a view, and a function that shows the next. */
function shown(first) {
  const page = welcomed("");
  let version = 0;
  const next = (content, streams = {}) => page.say(view(content, ++version, streams));
  next(first);
  return { ...page, root: page.root, next, $: (selector) => page.root.querySelector(selector) };
}

test("the program's change of a field wins over an old edit; without a change the reader's stays", () => {
  const page = shown(`<input id="a" value="1"><input name="b"><textarea id="c">1</textarea><input id="d" type="checkbox"><input type="checkbox" name="e" value="e" checked>`);
  const [a, b, c, d, e] = page.root.children;
  const edit = () => {
    a.value = b.value = c.value = "edited";
    d.checked = true;
    e.checked = false;
  };
  edit();
  page.next(`<h1>new</h1><input id="a" value="1"><input name="b"><textarea id="c">1</textarea><input id="d" type="checkbox"><input type="checkbox" name="e" value="e" checked>`);
  assert.deepEqual([a, b, c, d, e].map((el) => el.isConnected), [true, true, true, true, true]);
  assert.deepEqual([a.value, b.value, c.value, d.checked, e.checked], ["edited", "edited", "edited", true, false]);
  page.next(`<input id="a" value="2"><input name="b" value="2"><textarea id="c">2</textarea><input id="d" type="checkbox" checked><input type="checkbox" name="e" value="e">`);
  assert.deepEqual([a.value, b.value, c.value, d.checked, e.checked], ["2", "2", "2", true, false]);
  edit();
  page.next(`<input id="a"><input name="b"><textarea id="c"></textarea><input id="d" type="checkbox"><input type="checkbox" name="e" value="e" checked>`);
  assert.deepEqual([a.value, b.value, c.value, d.checked, e.checked], ["", "", "", false, true]);
});

test("a choice stays when options come and go, and the program's choice is shown", () => {
  const options = (...values) => values.map((value) => `<option${value.endsWith("*") ? " selected" : ""}>${value.replace("*", "")}</option>`).join("");
  const page = shown(`<select>${options("a", "b", "c")}</select><select multiple>${options("a*", "b", "c")}</select>`);
  const [one, many] = page.root.children;
  const chosen = () => [one.value, Array.from(many.selectedOptions, ({ value }) => value).join("")];
  one.value = "b";
  many.options[2].selected = true;
  page.next(`<select>${options("z", "a", "b", "c")}</select><select multiple>${options("z", "a*", "b", "c")}</select>`);
  assert.deepEqual(chosen(), ["b", "ac"]);
  page.next(`<select>${options("z", "a", "b", "c*")}</select><select multiple>${options("z*", "a*", "b", "c")}</select>`);
  assert.deepEqual(chosen(), ["c", "zac"]);
  one.value = "a";
  page.next(`<select>${options("b", "c*")}</select><select multiple>${options("c")}</select>`);
  assert.deepEqual(chosen(), ["c", "c"], "what was chosen is gone, so the html's is chosen");
});

test("radio buttons of one name are told apart by their values", () => {
  const radios = (values, checked) => values.map((value) => `<input type="radio" name="r" value="${value}"${value == checked ? " checked" : ""}>`).join("");
  const page = shown(radios(["a", "b"], "a"));
  const b = page.$("[value=b]");
  b.checked = true;
  page.next(radios(["z", "a", "b"], "a"));
  assert.equal(page.$("[value=b]"), b);
  assert.equal(page.$(":checked").value, "b");
  page.next(radios(["z", "a", "b"], "z"));
  assert.equal(page.$(":checked").value, "z");
});

test("what scripts added, removed and set stays, also when the program changes what is beside it", () => {
  const content = (n, names = "a b") => `<div id="w" class="${names}" style="color: red" title="t"><b>${n}</b><i>gone</i></div>`;
  const page = shown(content(1));
  const w = page.$("#w");
  w.classList.add("script");
  w.style.width = "1px";
  w.title = "script";
  w.dataset.x = "1";
  w.append("extra");
  page.$("i").remove();
  page.next(content(2));
  assert.equal(w.outerHTML, `<div id="w" class="a b script" style="color: red; width: 1px;" title="script" data-x="1"><b>2</b>extra</div>`);
  page.next(content(3, "b c").replace("red", "blue").replace(`"t"`, `"u"`).replace("gone", "back"));
  assert.equal(w.outerHTML, `<div id="w" class="b script c" style="color: blue; width: 1px;" title="u" data-x="1"><b>3</b><i>back</i>extra</div>`);
});

test("what stands in place of a text is removed when the html has another there; elements of scripts stay", () => {
  for (const [first, replace, second, expected] of [
    ["one", `<font>eins</font>`, "two", "two"],
    ["one", `<font>eins</font>`, "one", "<font>eins</font>"],
    ["one", `<font>eins</font>`, "<b>two</b>", "<b>two</b>"],
    [`<s>1</s>`, `<u>widget</u>`, `<s>2</s>`, `<u>widget</u><s>2</s>`],
  ]) {
    const page = shown(`<p>${first}<img>last</p>`);
    const p = page.$("p");
    p.firstChild.remove();
    p.insertAdjacentHTML("afterbegin", replace);
    page.next(`<p>${second}<img>last</p>`);
    assert.equal(p.innerHTML, `${expected}<img>last`);
  }
});

test("an editable text stays as edited until the program writes another", () => {
  for (const [edit, next, expected] of [
    ["a<div>b</div>", "one", "a<div>b</div>"],
    ["a<div>b</div>", "two", "two"],
    ["", "one", ""],
    ["", "<b>two</b>", "<b>two</b>"],
  ]) {
    const page = shown(`<div contenteditable>one</div><p>1</p>`);
    page.$("div").innerHTML = edit;
    page.next(`<div contenteditable>${next}</div><p>2</p>`);
    assert.equal(page.$("div").innerHTML, expected);
  }
});

test("an element with an id stays itself when it moves into others, and another id is another element", () => {
  const page = shown(`<form><p><input id="a" value="1"></p></form><details id="d"><summary>s</summary></details>`);
  const [a, d] = [page.$("#a"), page.$("#d")];
  a.value = "typed";
  d.open = true;
  page.next(`<section><div><input id="a" value="1"></div><details id="d"><summary>s</summary>more</details></section>`);
  assert.deepEqual([page.$("#a"), page.$("#d")], [a, d]);
  assert.deepEqual([a.value, d.open], ["typed", true]);
  page.next(`<section><div><input id="b" value="1"></div><details id="e"><summary>s</summary>more</details></section>`);
  assert.deepEqual([page.$("#b").value, page.$("#e").open], ["1", false]);
});

test("items without an id keep their state when one is added before or removed", () => {
  const item = (name) => `<li><input type="checkbox">${name}</li>`;
  const page = shown(["a", "b", "c"].map(item).join(""));
  page.root.children[1].firstChild.checked = true;
  const ticked = () => Array.from(page.root.querySelectorAll(":checked"), (el) => el.parentNode.textContent);
  page.next(["z", "a", "b", "c"].map(item).join(""));
  assert.deepEqual(ticked(), ["b"]);
  page.next(["b", "c"].map(item).join(""));
  assert.deepEqual(ticked(), ["b"]);
});

test("dj-update=ignore: the element stays with its content and attributes, until the attribute goes", () => {
  for (const [first, second] of [
    [`<div id="m" dj-update="ignore" title="1">one</div>`, `<div id="m" dj-update="ignore" title="2">two</div>`],
    [`<div dj-update="ignore" title="1">one</div>`, `<p>new</p><div dj-update="ignore" title="2"><b>two</b></div>`],
    [`<div id="m" dj-update="ignore" title="1">one</div>`, `<section><div id="m" dj-update="ignore">two</div></section>`],
    [`<iframe dj-update="ignore" title="1">one</iframe>`, `<iframe dj-update="ignore" title="2">two</iframe>`],
  ]) {
    const page = shown(first);
    const el = page.root.firstElementChild;
    el.append(page.document.createElement("u"));
    const before = el.outerHTML;
    page.next(second);
    assert.ok(el.isConnected);
    assert.equal(el.outerHTML, before);
    page.next(first.replace(` dj-update="ignore"`, "").replace("one", "three"));
    assert.match(page.root.textContent, /three/);
  }
});

test("a replace keeps what did not change, with the state that it has", () => {
  const message = (text, n) => `<div class="m"><p>${text}</p><details><summary>s</summary></details><button>like ${n}</button></div>`;
  const page = welcomed(`<div dj-stream="a"></div>`);
  page.say(frame("a", 1, start("a"), html("a", "replace", message("one", 1) + message("t", 2))));
  const [first, second] = page.el("a").children;
  first.querySelector("details").open = true;
  first.append("copied"); // by a hook
  first.querySelector("button").focus();
  const node = second.querySelector("p").firstChild;
  page.say(frame("a", 3, html("a", "replace", message("one", 1) + message("token", 2))));
  assert.deepEqual([...page.el("a").children], [first, second]);
  assert.equal(first.querySelector("details").open, true);
  assert.match(first.textContent, /copied/);
  assert.equal(page.document.activeElement, first.querySelector("button"));
  assert.equal(second.querySelector("p").firstChild, node);
  assert.equal(node.data, "token");
  page.say(frame("a", 4, html("a", "replace", message("token", 2))));
  assert.deepEqual([...page.el("a").children], [second]);
  page.say(frame("a", 5, html("a", "replace", "")));
  assert.equal(page.el("a").innerHTML, "");
});

test("operations between views are the program's: html is compared with what they left", () => {
  const listed = (seq) => ({ a: { seq, state: "open", run: 1 } });
  const page = welcomed("");
  page.say(view(`<ul dj-stream="a"><li>1</li></ul>`, 1, { a: { seq: 0, state: "idle" } }));
  page.say(frame("a", 1, start("a"), html("a", "append", `<li>2<input></li>`), html("a", "prepend", `<li>0</li>`), text("a", "end")));
  const two = page.el("a").children[2];
  two.querySelector("input").value = "typed";
  page.say(view(`<ul dj-stream="a"><li>1</li><li>2<input></li></ul>`, 2, listed(4)));
  assert.equal(page.el("a").innerHTML, `<li>1</li><li>2<input></li>`);
  assert.equal(page.el("a").children[1], two);
  assert.equal(two.querySelector("input").value, "typed");
  page.say(frame("a", 5, { op: "prune", target: "[dj-stream='a']", limit: 1, edge: "top" }, text("a", "new", "replace")));
  page.say(view(`<ul dj-stream="a"><li>1</li></ul>`, 3, listed(6)));
  assert.equal(page.el("a").innerHTML, `<li>1</li>`);
  page.say(view(`<ul dj-stream="a" data-loading-class="busy x"></ul>`, 4, listed(6)));
  assert.equal(page.el("a").className, "busy x");
  page.say(view(`<ul dj-stream="a"></ul>`, 5, listed(6)));
  assert.equal(page.el("a").hasAttribute("class"), false);
});

test("a text that grows keeps its node, and what is selected before its end", () => {
  const page = shown("<p>Hello</p>");
  const node = page.$("p").firstChild;
  const range = page.document.createRange();
  range.setStart(node, 1);
  range.setEnd(node, 4);
  page.next("<p>Hello world</p>");
  page.next("<p>Well, Hello world</p>");
  assert.equal(page.$("p").firstChild, node);
  assert.equal(String(range), "ell");
});

test("order: elements that the program moves, adds and removes at once stay themselves", () => {
  const item = (name) => `<li id="${name}"><input></li>`;
  const page = shown(["a", "b", "c", "d", "e"].map(item).join(""));
  const all = Object.fromEntries(Array.from(page.root.children, (el) => [el.id, el]));
  for (const el of page.root.children) el.firstChild.value = el.id;
  for (const order of ["ecdba", "axbyc", "cab", "d", "abcde"]) {
    page.next([...order].map(item).join("<!--x-->"));
    assert.equal(Array.from(page.root.children, (el) => el.id).join(""), order);
    for (const name of ["a", "b", "c"]) if (order.includes(name) && all[name].isConnected) assert.equal(page.$(`#${name}`), all[name]);
  }
});

test("a stream that the html has twice is shown at its first place", () => {
  const page = welcomed(`<i><p dj-stream="a"></p></i>`);
  page.say(frame("a", 1, start("a"), text("a", "live")));
  const live = page.el("a");
  page.say(view(`<p dj-stream="a">1</p><i><p dj-stream="a">2</p></i>`, 1));
  assert.deepEqual(Array.from(page.root.querySelectorAll("p"), (el) => el.textContent), ["live", "2"]);
  assert.equal(page.el("a"), live);
});

test("a custom element that put its own content in place of its fallback keeps it when the fallback changes", () => {
  const page = shown(`<x-card>Loading</x-card>`);
  const [card] = page.root.children;
  card.innerHTML = "<b>rendered</b>";
  page.next(`<x-card>Still loading</x-card>`);
  assert.equal(card.isConnected, true);
  assert.equal(card.querySelector("b")?.textContent, "rendered");
});
