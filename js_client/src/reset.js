// A form that is emptied when it is sent, and gets its content back if the event fails: nothing that a reader typed is
// lost, neither what was sent nor what was typed meanwhile.

import { call, get, set } from "./dom.js";

/** What a reader did to a control. @param {any} control @returns {any[]} */
const stateOf = (control) => [
  get(control, "value"),
  get(control, "checked"),
  Array.from(get(control, "options") || [], (option) => get(option, "selected")),
];

/** @param {any} control @param {any[]} state @param {FileList | undefined} files */
function become(control, [value, checked, selected], files) {
  const options = get(control, "options");
  if (files) set(control, "files", files); // a script may not set the value of a field for files
  else if (options) for (const [at, option] of [...options].entries()) set(option, "selected", selected[at]);
  else {
    if (value != get(control, "value")) set(control, "value", value);
    if (checked != get(control, "checked")) set(control, "checked", checked);
  }
}

/**
 * Resets a form.
 * @param {any} form
 * @returns {() => void} puts back what stood in the controls that nobody changed since
 */
export function lossless(form) {
  const controls = Array.from(get(form, "elements"), (control) => ({
    control,
    state: stateOf(control),
    files: get(control, "files") || undefined,
  }));
  call(form, "reset");
  const changed = controls
    .map((before) => ({ ...before, empty: JSON.stringify(stateOf(before.control)) }))
    .filter(({ state, empty }) => JSON.stringify(state) != empty);
  return () => {
    for (const { control, state, files, empty } of changed)
      if (JSON.stringify(stateOf(control)) == empty) become(control, state, files);
  };
}
