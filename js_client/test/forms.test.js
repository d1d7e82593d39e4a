// What elements send: as a form's own submission says it, whatever names its fields have.
import assert from "node:assert/strict";
import { test } from "node:test";
import { given, settled, view, welcomed } from "./helpers.js";

const events = ({ heard }) => heard.filter(({ type }) => type == "event").map(({ event, params }) => [event, params]);
const paramsOf = (page) => events(page).map(([, params]) => params);
function fire(page, el, type, init = {}) {
  const { Event, KeyboardEvent } = page.window;
  const event = new (type == "keydown" ? KeyboardEvent : Event)(type, { bubbles: true, cancelable: true, ...init });
  for (const name of ["submitter", "keyCode"]) if (name in init) Object.defineProperty(event, name, { value: init[name] });
  el.dispatchEvent(event);
  return event.defaultPrevented;
}
const all = (page, selector) => [...page.root.querySelectorAll(selector)];
const answer = (page, ref, error) => page.say({ type: "reply", ref, ok: !error, error });
const NO = { code: "app_error", error: "No" };

for (const [what, control, value] of [
  ["a multiple select", `<select name="f" multiple dj-EVENT="e"><option selected>a<option>b<option selected value="3">c<option disabled selected>d</select>`, ["a", "3"]],
  ["a multiple select with one choice", `<select name="f" multiple dj-EVENT="e"><option selected>a<option>b</select>`, ["a"]],
  ["a multiple select without a choice", `<select name="f" multiple dj-EVENT="e"><option>a</select>`, []],
  ["a multiple select with a disabled group", `<select name="f" multiple dj-EVENT="e"><optgroup disabled><option selected>a</optgroup><option selected>b</select>`, ["b"]],
  ["a select", `<select name="f" dj-EVENT="e"><option>a<option selected value="2">b</select>`, "2"],
  ["a check box alone", `<input type="checkbox" name="f" value="x" checked dj-EVENT="e">`, true],
  ["check boxes of one name", `<form><input type="checkbox" name="f" value="1" dj-EVENT="e"><input type="checkbox" name="f" value="2" checked><input type="checkbox" name="f" value="3" checked disabled><input type="checkbox" name="g" checked></form><input type="checkbox" name="f" value="out" checked>`, ["2"]],
  ["check boxes of one name without a form", `<div dj-EVENT="e"><input type="checkbox" name="f" value="1" checked><input type="checkbox" name="f" value="2" checked></div><form><input type="checkbox" name="f" value="in" checked></form>`, ["1", "2"]],
  ["a radio button", `<div dj-EVENT="e"><input type="radio" name="f" value="1" checked><input type="radio" name="f" value="2"></div>`, "1"],
  ["a number", `<input type="number" name="f" value="1.50" dj-EVENT="e">`, "1.50"],
  ["a date", `<input type="date" name="f" value="2026-11-28" dj-EVENT="e">`, "2026-11-28"],
])
  for (const type of ["change", "input"])
    test(`dj-${type}: the value of ${what}`, () => {
      const page = welcomed(control.replace("EVENT", type));
      fire(page, all(page, "input,select")[0], type);
      assert.deepEqual(events(page), [["e", { field: "f", value }]]);
    });

test("dj-change on a form sends the whole form, as its submission does", () => {
  const page = welcomed(`<form id="f" dj-change="check" dj-submit="save" data-id="7"><input name="field" value="a"><select name="m" multiple><option selected>1<option selected>2</select><fieldset disabled><input name="off" value="x"></fieldset><button name="do" value="save">Save</button></form><input name="far" value="away" form="f">`);
  const [form] = all(page, "form");
  fire(page, all(page, "input")[0], "change");
  fire(page, form, "submit", { submitter: all(page, "button")[0] });
  const fields = { id: "7", field: "a", m: ["1", "2"], far: "away" };
  assert.deepEqual(events(page), [["check", fields], ["save", { ...fields, do: "save" }]]);
});

test("params may have any name", () => {
  const page = welcomed(`<form dj-submit="send"><input name="__proto__" value="1"><input name="constructor" value="2"><input name="toString" value="3"></form>`);
  fire(page, all(page, "form")[0], "submit");
  assert.deepEqual(Object.entries(paramsOf(page)[0]), [["__proto__", "1"], ["constructor", "2"], ["toString", "3"]]);
});

test("files are not sent, and the author is told so once; a field without a file says nothing", () => {
  const page = welcomed(`<form dj-submit="send"><input type="file" name="f"><input name="q" value="x"></form>`);
  const [form] = all(page, "form");
  fire(page, form, "submit");
  assert.deepEqual(page.kinds(), []);
  const { window } = page;
  const holds = [["f", new window.File(["x"], "a.txt")], ["q", "y"]];
  const { FormData } = window;
  window.FormData = function () {
    const data = new FormData();
    for (const [name, value] of holds) data.append(name, value);
    return data;
  };
  fire(page, form, "submit");
  fire(page, form, "submit");
  assert.deepEqual(paramsOf(page), [{ q: "x" }, { q: "y" }]);
  assert.deepEqual(page.kinds(), ["file"]);
});

const NAMES = ["attributes", "children", "childNodes", "data", "reset", "closest", "submit", "id", "name", "action", "target", "type", "contains", "matches", "getAttribute", "hasAttribute", "setAttribute", "removeAttribute", "elements", "nodeType", "localName", "tagName", "form", "firstChild", "parentNode", "isConnected", "ownerDocument", "dispatchEvent", "addEventListener"];
test("a form's fields may have the names of its properties", async () => {
  for (const name of NAMES) {
    const page = welcomed(`<form dj-submit="book" dj-click="press" dj-change="check" dj-reset><input name="${name}" value=""><button>Book</button></form>`);
    const [form, input] = all(page, "form,input");
    input.value = "2";
    fire(page, input, "change");
    fire(page, input, "click");
    assert.equal(fire(page, form, "submit"), true, name);
    assert.deepEqual(events(page), [["check", { [name]: "2" }], ["press", {}], ["book", { [name]: "2" }]], name);
    assert.equal(input.value, "", name);
    answer(page, 3, NO);
    await settled();
    assert.equal(input.value, "2", name);
  }
});

test("a button with dj-click in a form does not submit it, whatever its type; others keep what they do", () => {
  const page = welcomed(`<form dj-submit="send"><button dj-click="a">a</button><input type="submit" dj-click="b"><input type="image" dj-click="c"><button type="button" dj-click="d">d</button><input type="checkbox" dj-click="e"><button type="reset" dj-click="f">f</button></form><button dj-click="g">g</button>`);
  const prevented = all(page, "[dj-click]").map((el) => fire(page, el, "click"));
  assert.deepEqual(prevented, [true, true, true, false, false, false, false]);
  assert.deepEqual(events(page).map(([name]) => name), [..."abcdefg"]);
});

test("a click on a label is one event", () => {
  const page = welcomed(`<label dj-click="a"><b>text</b><input type="checkbox"></label><label dj-click="b" for="far">far</label><input id="far" type="checkbox"><label dj-click="c"><i>off</i><input type="checkbox" disabled></label><div dj-click="d"><label><u>in</u> <select></select> <button type="button">x</button></label></div>`);
  for (const selector of ["b", "[for]", "i", "u", "button"]) page.root.querySelector(selector).click();
  assert.deepEqual(events(page).map(([name]) => name), [..."abcdd"]);
});

test("a disabled button sends nothing, nor does one in a disabled fieldset", () => {
  const page = welcomed(`<button dj-click="a" disabled>a</button><fieldset disabled><button dj-click="b"><i>b</i></button></fieldset>`);
  for (const el of all(page, "button,i")) fire(page, el, "click");
  assert.deepEqual(events(page), []);
});

for (const [how, init] of [["isComposing", { isComposing: true }], ["the key code of input methods", { keyCode: 229 }]])
  test(`a key for an input method is no order (${how})`, () => {
    const page = welcomed(`<input dj-keydown="send" dj-key="Enter"><textarea dj-keydown="any"></textarea>`);
    const [input, area] = all(page, "input,textarea");
    assert.equal(fire(page, input, "keydown", { key: "Enter", ...init }), false);
    fire(page, area, "keydown", { key: "a", ...init });
    assert.deepEqual(events(page), []);
    assert.equal(fire(page, input, "keydown", { key: "Enter" }), true);
    fire(page, area, "keydown", { key: "a" });
    assert.deepEqual(events(page).map(([name]) => name), ["send", "any"]);
  });

for (const attributes of [`dj-key="Enter"`, "", `name="t"`])
  test(`Shift and Enter begin a new line, and are no order (${attributes || "any key"})`, () => {
    const page = welcomed(`<textarea dj-keydown="send" ${attributes}></textarea>`);
    const [area] = all(page, "textarea");
    assert.equal(fire(page, area, "keydown", { key: "Enter", shiftKey: true }), false);
    assert.deepEqual(events(page), []);
    fire(page, area, "keydown", { key: "Enter" });
    assert.deepEqual(paramsOf(page).map(({ key }) => key), ["Enter"]);
  });

test("dj-input sends while an input method composes, as the platform's inputs do", () => {
  const page = welcomed(`<input name="q" value="に" dj-input="find">`);
  fire(page, all(page, "input")[0], "input");
  assert.deepEqual(paramsOf(page), [{ field: "q", value: "に" }]);
});

const CHAT = `<form dj-submit="send" dj-reset><input name="content"><input type="checkbox" name="loud" checked><select name="to"><option>all<option>one</select><button>Send</button></form>`;

test("dj-reset empties the form at once; what is typed afterwards stays", async () => {
  const page = welcomed(CHAT);
  const [form, box] = all(page, "form,[name=content]");
  box.value = "one";
  fire(page, form, "submit");
  assert.equal(box.value, "");
  box.value = "two";
  answer(page, 1);
  await settled();
  assert.equal(box.value, "two");
});

test("if the event fails, a form with dj-reset has its content again, except what was changed since", async () => {
  const page = welcomed(CHAT);
  const [form, box, loud, to] = all(page, "form,[name=content],[name=loud],select");
  for (const typed of ["", "new"]) {
    box.value = "old";
    loud.checked = false;
    to.value = "one";
    fire(page, form, "submit");
    assert.deepEqual([box.value, loud.checked, to.value], ["", true, "all"]);
    box.value = typed;
    answer(page, typed ? 2 : 1, NO);
    await settled();
    assert.deepEqual([box.value, loud.checked, to.value], [typed || "old", false, "one"]);
    form.reset();
  }
});

for (const [code, text] of [["cancelled", ""], ["app_error", "hi"], ["resume_failed", "hi"], ["frame_too_large", "hi"]])
  test(`a form with dj-reset whose event fails with ${code} ${text ? "has its content again" : "stays empty"}`, async () => {
    const page = welcomed(CHAT);
    const [form, box] = all(page, "form,[name=content]");
    box.value = "hi";
    fire(page, form, "submit");
    answer(page, 1, { code, error: "No" });
    await settled();
    assert.equal(box.value, text);
  });

test("a second press sends nothing while the first is unanswered; other content is another message", async () => {
  const page = welcomed(`${CHAT}<form dj-submit="save"><input name="a" value="1"></form>`);
  const [chat, save] = all(page, "form");
  const [box] = all(page, "[name=content]");
  box.value = "once";
  fire(page, chat, "submit");
  fire(page, chat, "submit");
  box.value = "twice";
  fire(page, chat, "submit");
  for (const value of ["1", "1", "2", "2"]) {
    all(page, "[name=a]")[0].value = value;
    fire(page, save, "submit");
  }
  const said = () => events(page).map(([name, { content, a }]) => name + " " + (content ?? a));
  assert.deepEqual(said(), ["send once", "send twice", "save 1", "save 2"]);
  answer(page, 4);
  await settled();
  fire(page, save, "submit");
  assert.deepEqual(said().slice(4), ["save 2"]);
});

test("the same is true while there is no connection", async () => {
  const page = given(CHAT);
  const [form, box] = all(page, "form,[name=content]");
  box.value = "hello";
  for (let press = 0; press < 3; press++) fire(page, form, "submit");
  page.open();
  assert.deepEqual(paramsOf(page).map(({ content }) => content), ["hello"]);
});

test("dj-once: one at a time, whatever the content; of values, the last one is sent afterwards", async () => {
  const page = welcomed(`<button dj-click="go" dj-once>Go</button><button dj-click="plus">+</button><form dj-submit="send" dj-once><input name="a"></form><input name="q" dj-input="find" dj-once><form dj-submit="more" dj-once="false"></form>`);
  const [go, plus, form, a, q, more] = all(page, "button,form,input");
  for (const value of ["1", "2", "3"]) {
    a.value = q.value = value;
    go.click();
    plus.click();
    fire(page, form, "submit");
    fire(page, q, "input");
    fire(page, more, "submit");
  }
  const names = () => events(page).map(([name, { a: sent, value }]) => name + (sent ?? value ?? ""));
  assert.deepEqual(names(), ["go", "plus", "send1", "find1", "more", "plus", "more", "plus", "more"]);
  answer(page, 4);
  await settled();
  assert.deepEqual(names().slice(9), ["find3"]);
  answer(page, 1, NO);
  await settled();
  go.click();
  assert.deepEqual(names().slice(10), ["go"]);
});

test("an element and its form are busy until the reply, also after a view", async () => {
  const page = welcomed(`<form id="f"><button dj-click="a">a</button></form><button dj-click="b" form="f">b</button>`);
  const [form, a, b] = all(page, "form,button");
  const busy = () => [form, a, b].map((el) => [el.getAttribute("aria-busy"), el.hasAttribute("data-stream-waiting")].join());
  const [yes, no] = ["true,true", ",false"];
  a.click();
  b.click();
  assert.deepEqual(busy(), [yes, yes, yes]);
  page.say(view(page.root.innerHTML.replace(/ (aria-busy|data-stream-waiting)="[^"]*"/g, ""), 1));
  assert.deepEqual(busy(), [yes, yes, yes]);
  answer(page, 1);
  await settled();
  assert.deepEqual(busy(), [yes, no, yes]);
  answer(page, 2, NO);
  await settled();
  assert.deepEqual(busy(), [no, no, no]);
});

test("a form that closes its dialog is left to the browser, and sent", () => {
  const page = welcomed(`<dialog open><form method="dialog" dj-submit="answer"><input name="q" value="x"></form></dialog>`);
  const [form] = all(page, "form");
  assert.equal(fire(page, form, "submit"), false);
  assert.deepEqual(events(page), [["answer", { q: "x" }]]);
});
