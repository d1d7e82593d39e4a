// Faults of the client with a server of v0: one change of its source each, and the requirement that it must fail.

import { table } from "./table.mjs";

export const { faults, fault } = table();

/** A fault that does something to each frame that comes in: `code` sees `session`, `frame`, its `type` and `ops`. */
const TAKEN = "const { type, html, ref, ops, error } = frame;";
const arriving = (breaks, name, code) => fault(breaks, name, "v0.js", TAKEN, `${TAKEN}\nif (type == "stream") {\n${code}\n}`);

/** A fault in how text is applied: `code` sees `el`, `text` and `mode`. */
const TEXT = "text(el, { text, mode }) {";
const text = (breaks, name, code) => fault(breaks, name, "ops.js", TEXT, `${TEXT}\n${code}`);

const instead = (breaks, name, line, code) => fault(breaks, name, "ops.js", line, code);
const LAST = 'call(el, "insertAdjacentHTML", "beforeend", html);';
const FIRST = 'call(el, "insertAdjacentHTML", "afterbegin", html);';

arriving("CLI-102", "a_text_goes_to_the_stream_of_the_frame_before", `
  const place = (name) => \`[dj-stream='\${name}']\`;
  for (const each of ops)
    if (each.op == "text" && each.target == place(frame.stream)) each.target = place(state.latest || frame.stream);
  state.latest = frame.stream;`);
arriving("CLI-102", "the_end_of_one_stream_ends_all", `
  if (ops.some(({ op }) => op == "done"))
    for (const { name, target } of state._streams.values()) if (name != frame.stream) ops.push({ op: "delete", target });`);

text("CLI-105", "an_append_flattens", 'if (mode != "prepend" && mode != "replace") return void (el.textContent += text);');
text("CLI-105", "a_prepend_flattens", 'if (mode == "prepend") return void (el.textContent = text + el.textContent);');

fault("CLI-106", "html_is_put_in_the_place_of_the_target", "mirror.js", "replace: (el, op, html) => put(el, html),", "replace(el, op, html) {\nel.outerHTML = html;\n},");

instead("CLI-107", "delete_takes_all_beside_it", 'call(el, "remove");', "if (arguments[1].op == 'delete') el.parentNode.replaceChildren();\nelse el.remove();");

fault("CLI-108", "no_error_is_shown", "markers.js", "if (alert.textContent != error) alert.textContent = error;", "");
fault("CLI-108", "an_error_has_no_role", "markers.js", 'if (alert.role != "alert") alert.role = "alert";', "");
const FIRED = "if (!isDelete && !problem) tell();";
const failing = (name, code) => fault("CLI-108", name, "page.js", FIRED, `if (name == "error") {\n${code}\n}\n${FIRED}`);
failing("an_error_takes_the_place_of_the_content", "find(target).textContent = error;");
failing("an_error_is_added_to_the_content", "find(target).append(error);");

arriving("CLI-109", "an_error_joins_the_text_after_it", `
  state.failed ||= {};
  for (const each of ops) {
    if (each.op == "error") state.failed[frame.stream] = each.error;
    if (each.op == "text" && each.mode != "replace") {
      each.text = (state.failed[frame.stream] || "") + each.text;
      delete state.failed[frame.stream];
    }
  }`);
arriving("CLI-109", "a_text_begins_anew_after_an_error", `
  state.failed ||= new Set();
  for (const each of ops) {
    if (each.op == "text" && state.failed.delete(frame.stream)) each.mode = "replace";
    if (each.op == "error") state.failed.add(frame.stream);
  }`);

const CLASSES = 'get(el, "classList").toggle(name, open);';
const classed = (name, code) => fault("CLI-110", name, "markers.js", CLASSES, code);
classed("no_loading_class_is_set", "");
classed("the_loading_classes_are_left", "if (open) el.classList.add(name);");
classed("only_the_first_loading_class_is_set", `${CLASSES}\nbreak;`);

fault("CLI-111", "no_hook_is_updated", "hooks.js", 'else if (changed.has(el)) call(el, "updated");', "");
fault("CLI-111", "a_hook_is_updated_once", "hooks.js", 'call(el, "updated");', 'call(el, bound.get(el).seen ? "" : (bound.get(el).seen = "updated"));');
