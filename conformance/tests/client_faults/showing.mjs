// Faults in what is shown: chapters 3, 12 and 13.

import { fault, incoming } from "./table.mjs";

const TEXT = "text(el, { text, mode }) {";
const text = (breaks, name, code) => fault(breaks, name, "ops.js", TEXT, `${TEXT}\n${code}`);
const html = (breaks, name, code) => fault(breaks, name, "ops.js", 'call(el, "insertAdjacentHTML", "beforeend", html);', code);
const PRUNE = "const { limit, edge } = op;";

text("CLI-1", "an_op_is_skipped", `if (text.endsWith("b")) return;`);
text("CLI-1", "a_prepend_goes_to_the_end", `if (mode == "prepend") mode = "append";`);
text("CLI-1", "a_replace_keeps_what_was_there", `if (mode == "replace") mode = "append";`);
text("CLI-1", "a_text_is_trimmed", "text = text.trimEnd();");
html("CLI-1", "an_op_is_applied_twice", 'el.insertAdjacentHTML("beforeend", html);\nel.insertAdjacentHTML("beforeend", html);');
fault("CLI-1", "prune_takes_the_other_edge", "ops.js", 'edge == "bottom"', 'edge == "top"');
fault("CLI-1", "prune_counts_texts_too", "ops.js", PRUNE, `${PRUNE}
  while (el.childNodes.length > limit) (edge == "top" ? el.firstChild : el.lastChild).remove();`);
fault("CLI-1", "the_last_of_an_id_is_the_target", "targets.js", "el = /** @type {any} */ (root.querySelector(selector));", "el = [...root.querySelectorAll(selector)].at(id ? -1 : 0) || null;");
fault("CLI-1", "an_error_has_another_code", "lifecycle.js", "else Object.assign(stream, { error, code });", 'else Object.assign(stream, { error, code: code && "internal" });');
fault("CLI-1", "content_leaves_the_error_shown", "lifecycle.js", "else Object.assign(stream, { error, code });", 'else if (kind != "content") Object.assign(stream, { error, code });');

// as html operations do it, so that what the program gave is known as theirs
fault("CLI-6", "text_is_parsed_as_html", "ops.js", "ops[name](el, op, checked);", 'ops[name == "text" ? op.mode || "append" : name](el, op, name == "text" ? op.text : checked);');

text("CLI-7", "children_are_flattened", `if (mode == "append") return void (el.textContent += text);`);
const ANEW = "el.replaceChildren(...[...el.childNodes].map((node) => node.cloneNode(true)));"; // html would lose CR
text("CLI-7", "a_text_makes_all_nodes_anew", `if (mode != "replace") ${ANEW}`);

html("CLI-7", "html_makes_all_nodes_anew", `${ANEW}\nel.insertAdjacentHTML("beforeend", html);`);

html("CLI-8", "a_script_runs", `
  const range = el.ownerDocument.createRange();
  range.selectNodeContents(el);
  const fragment = range.createContextualFragment(html);
  for (const script of fragment.querySelectorAll("script")) {
    const fresh = el.ownerDocument.createElement("script");
    fresh.textContent = script.textContent;
    script.replaceWith(fresh);
  }
  el.append(fragment);`);
html("CLI-8", "html_is_parsed_out_of_its_context", `
  const box = el.ownerDocument.createElement("div");
  box.innerHTML = html;
  el.append(...box.childNodes);`);

const FIRED = "if (!isDelete && !problem) tell();";
fault("CLI-9", "an_error_takes_the_place_of_the_content", "page.js", FIRED, `const at = name == "error" && op.target && find(target);\nif (at) at.textContent = error;\n${FIRED}`);
fault("CLI-9", "the_alert_stands_in_the_target", "markers.js", "root.after(alert);", "(el ? (at) => el.append(at) : (at) => root.after(at))(alert);");
fault("CLI-9", "no_error_is_shown", "markers.js", "if (alert.textContent != error) alert.textContent = error;", "");
fault("CLI-9", "an_alert_stays_after_its_error", "markers.js", "if (before && before != alert) {", "if (!alert) alert = before;\nif (before && before != alert) {");
fault("CLI-9", "an_alert_has_no_role", "markers.js", 'if (alert.role != "alert") alert.role = "alert";', "");

const MARKED = 'mark(el, state == "open", failed);';
const marked = (breaks, name, code) => fault(breaks, name, "markers.js", MARKED, `${MARKED}\nif (el) {\n${code}\n}`);
marked("CLI-10", "the_active_marker_is_left", 'if (state == "idle") el.setAttribute("data-stream-active", "");');
marked("CLI-10", "no_element_is_busy", 'el.removeAttribute("aria-busy");');
marked("CLI-10", "the_loading_class_is_left", `
  const name = el.getAttribute("data-loading-class")?.split(" ")[0];
  if (name && state != "open") el.classList.add(name);`);
marked("CLI-10", "only_the_first_loading_class_is_set", `
  el.classList.remove(...(el.getAttribute("data-loading-class") || "").split(" ").slice(1).filter(Boolean));`);
marked("CLI-10", "the_error_marker_is_left", `
  if (error != undefined) stream.failed = true;
  if (stream.failed) el.setAttribute("data-stream-error", "");`);
fault("CLI-10", "markers_do_not_survive_a_view", "page.js", "if (!ops) showAll();", 'if (!ops) root.querySelectorAll("[data-stream-active]").forEach((el) => el.removeAttribute("data-stream-active"));');

const MORPH = "put(root, html, (held, next) => {";
fault("CLI-12", "a_view_swaps_everything", "view.js", MORPH, `root.innerHTML = html;\n(() => {})(root, html, (held, next) => {`);
fault("CLI-12", "a_view_copies_the_live_elements", "page.js", "touched(root, true);", "for (const { _el, cursor } of streams.values()) if (cursor) _el?.replaceWith(_el.cloneNode(true));");
fault("CLI-12", "an_element_that_is_left_alone_is_swapped", "view.js", ' || attributeOf(el, "dj-update") == "ignore"', ' || el.removeAttribute("dj-update")');

fault("CLI-21", "the_cursors_of_a_view_are_not_taken", "view-frame.js", "for (const [name, { seq }] of entries) streamOf(state, name).cursor = seq;", ";");
fault("CLI-22", "an_old_view_is_shown", "view-frame.js", "if (version <= state._version) return; // CLI-22", "");
