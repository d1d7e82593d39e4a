// What controls and forms hold, as a form's own submission says it.

import { call, get } from "./dom.js";

/**
 * Adds the fields of a form. A name that occurs more than once gives a list. Files are left out.
 * @param {FormData} data @param {Record<string, any>} params @param {() => void} files is called if there are some
 */
export function fieldsOf(data, params, files) {
  for (const name of data.keys()) {
    const all = data.getAll(name);
    const values = all.filter((value) => typeof value == "string");
    if (all.some((value) => typeof value != "string" && (value.name || value.size))) files();
    if (values[0] != undefined) params[name] = values[1] == undefined ? values[0] : values;
  }
}

/** The check boxes with the same name in the same form. @param {any} box @returns {any[]} */
function groupOf(box) {
  const name = get(box, "name");
  const form = get(box, "form");
  const around = form ? get(form, "elements") : call(call(box, "getRootNode"), "querySelectorAll", "input");
  if (!name) return [box];
  return Array.from(around).filter(
    (one) => get(one, "type") == "checkbox" && get(one, "name") == name && get(one, "form") == form,
  );
}

/**
 * The value of a control: a list for a multiple select and for check boxes of one name, true or false for a check box
 * alone, nothing for files and for elements without a value, and otherwise what the control would submit.
 * @param {any} control @param {() => void} files is called for files
 * @returns {any}
 */
export function valueOf(control, files) {
  const type = get(control, "type");
  const counts = (/** @type {any} */ one) => !call(one, "matches", ":disabled");
  const valuesOf = (/** @type {any[]} */ all) => all.filter(counts).map((one) => get(one, "value"));
  if (type == "file") return files();
  if (type == "select-multiple") return valuesOf(Array.from(get(control, "selectedOptions")));
  if (type != "checkbox") return get(control, "value");
  const group = groupOf(control);
  return group.length > 1 ? valuesOf(group.filter((box) => get(box, "checked"))) : get(control, "checked");
}
