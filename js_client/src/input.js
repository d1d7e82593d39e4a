// What elements with dj-click, dj-submit, dj-change, dj-input and dj-keydown send. listen.js hears their events, and
// page.js keeps them until this code is there.

import { attributeOf, call, get } from "./dom.js";
import { lossless } from "./reset.js";
import { fieldsOf, valueOf } from "./values.js";
import { waits } from "./waiting.js";

/**
 * Whether the browser clicks another element inside `el` next: a click on a label is one on its control too.
 * @param {any} el @param {any} target of this click
 */
function isForwarded(el, target) {
  const label = call(target, "closest", "label");
  const control = label && get(label, "control");
  const inner = call(target, "closest", "a[href],button,input,select,textarea");
  return (
    control &&
    call(el, "contains", control) &&
    !call(control, "matches", ":disabled") &&
    !(inner && call(label, "contains", inner))
  );
}

/**
 * The params that an event sends: the element's `data-*` attributes, except those for streams, with underscores for
 * dashes; and of a form its fields, of a control `field` and `value`.
 * @param {any} event @param {any} el @param {FormData | undefined} data
 * @param {any} window @param {() => void} files is called if files are left out
 */
function paramsOf({ type, target, key }, el, data, window, files) {
  /** @type {Record<string, any>} */
  const params = Object.create(null);
  for (const { name, value } of get(el, "attributes"))
    if (/^data-(?!stream-|loading-class)/.test(name)) params[name.slice(5).replaceAll("-", "_")] = value;
  const isForm = el instanceof window.HTMLFormElement;
  if (data) fieldsOf(data, params, files);
  else if (isForm && type != "keydown" && type != "click") fieldsOf(new window.FormData(el), params, files);
  else if (type != "click") {
    const name = get(target, "name");
    const value = valueOf(target, files);
    if (type == "keydown") params.key = key;
    if (name) params.field = name;
    if (value != undefined) params.value = value;
  }
  return params;
}

/**
 * @param {any} window
 * @param {(event: string, params: object) => Promise<unknown>} push
 * @param {(kind: string, error: unknown) => void} report
 * @param {import("./page.js").Fire} fire
 */
export function inputOf(window, push, report, fire) {
  const waiting = waits();
  let told = false;
  let isClosed = false;
  /** @type {Map<Element, () => void>} what an element with dj-once sends when its reply is there */
  const next = new Map();

  function files() {
    if (!told) report("file", "Files are not sent: upload them in another way, and leave the name of the field out");
    told = true;
  }

  /** @param {any} event @param {Element} el @param {FormData} [data] */
  const said = (event, el, data) => paramsOf(event, el, data, window, files);

  /** @type {import("./listen.js").Act} */
  function act(event, el, data) {
    const { type, target, key } = event;
    const once = attributeOf(el, "dj-once");
    const wanted = type == "keydown" && attributeOf(el, "dj-key");
    if (isClosed || (wanted && wanted != key)) return;
    if (call(el, "matches", ":disabled") || (type == "click" && isForwarded(el, target))) return;
    const params = said(event, el, data);
    const content = type == "submit" ? JSON.stringify(params) : type;
    const held = waiting.of(el);
    if (once == "false" || !held || (once == undefined && (type != "submit" || !held.includes(content))))
      tell(event, el, params, content);
    else if (type == "change" || type == "input") next.set(el, () => act(event, el, data)); // the last value counts
  }

  /** @param {any} event @param {Element} el @param {object} params @param {string} content */
  function tell(event, el, params, content) {
    const { type, target, submitter } = event;
    const name = attributeOf(el, "dj-" + type) || "";
    let repeated = content; // what a second press would say
    const holds = () => JSON.stringify(said(event, el, new window.FormData(target, submitter)));
    let putBack = () => {};
    if (type == "submit" && call(el, "hasAttribute", "dj-reset") && holds() == content) {
      putBack = lossless(target);
      repeated = holds();
    }
    const answered = waiting.begin(el, repeated);
    push(name, params)
      .catch((error) => {
        if (error.code != "cancelled") putBack(); // who stops an answer has been heard
        report("reply", error);
        fire(el, "refused", { event: name, code: error.code, error: error.message, params });
      })
      .finally(() => {
        answered();
        const again = next.get(el);
        next.delete(el);
        again?.();
      });
  }

  return {
    act,

    close() {
      isClosed = true;
      waiting.close();
    },
  };
}
