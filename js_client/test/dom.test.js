// Fields with the names of properties: what an element itself has is read.
import assert from "node:assert/strict";
import { test } from "node:test";
import { JSDOM } from "jsdom";
import { attributeOf, call, get, set } from "../src/dom.js";

const NAMES = ["attributes", "children", "firstChild", "getAttribute", "closest", "contains", "innerHTML", "remove", "className"];
const given = () => {
  const { window } = new JSDOM(`<form id="f" class="c">${NAMES.map((name) => `<input name="${name}">`).join("")}</form>`);
  const form = window.document.forms[0];
  // jsdom does not let fields hide the form's own properties, as browsers do
  for (const name of NAMES) Object.defineProperty(form, name, { value: form.querySelector(`[name=${name}]`) });
  return form;
};

test("a form's own properties are read, called and set, whatever its fields are called", () => {
  const form = given();
  assert.equal(form.attributes.nodeName, "INPUT");
  assert.deepEqual([...get(form, "attributes")].map(({ name }) => name), ["id", "class"]);
  assert.equal(get(form, "children").length, NAMES.length);
  assert.equal(get(form, "firstChild").name, NAMES[0]);
  assert.deepEqual([attributeOf(form, "id"), attributeOf(form, "title")], ["f", null]);
  assert.equal(call(form, "closest", "form"), form);
  assert.equal(call(form, "contains", get(form, "firstChild")), true);
  set(form, "className", "d");
  assert.equal(attributeOf(form, "class"), "d");
  set(form, "innerHTML", "<i></i>");
  assert.equal(get(form, "children").length, 1);
  call(form, "remove");
  assert.equal(get(form, "parentNode"), null);
});

test("other nodes are read in the same way", () => {
  const { document } = new JSDOM(`<p>text</p><svg><a></a></svg>`).window;
  Object.defineProperty(document, "activeElement", { value: 1 });
  assert.equal(get(document.querySelector("p").firstChild, "data"), "text");
  assert.equal(get(document.querySelector("svg"), "children").length, 1);
  assert.equal(get(document, "activeElement"), document.body);
});
