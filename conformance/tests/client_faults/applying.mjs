// Faults in how frames are taken: chapters 5, 13 and 15.

import { fault, incoming } from "./table.mjs";

const STREAM = `const { seq, n, ops = [] } = frame ?? {};
  const last = seq + n - 1;
  const known = frame?.type == "stream" && state._streams.get(frame.stream);`;

incoming("CLI-2", "a_repeat_is_applied", `${STREAM}\nif (known && last <= known.cursor) known.cursor = seq - 1;`);
incoming("CLI-2", "a_repeat_is_a_violation", `${STREAM}\nif (known && last <= known.cursor) frame.seq = known.cursor + 9;`);
incoming("CLI-3", "a_gap_is_jumped_over", `${STREAM}
  if (frame?.type == "stream" && Number.isInteger(seq)) {
    const stream = state._streams.get(frame.stream);
    if (stream && seq > stream.cursor + 1) stream.cursor = seq - 1;
  }`);
incoming("CLI-3", "an_overlap_is_applied_whole", `${STREAM}\nif (known && seq <= known.cursor && last > known.cursor) known.cursor = seq - 1;`);
fault("CLI-3", "a_run_begins_without_a_start", "frames.js", 'const next = kind ? WIRE[at][kind] : at;',
  'const next = kind ? WIRE[at][kind] || "open" : at;');
fault("CLI-3", "a_broken_frame_is_applied_first", "frames.js", "if (last <= cursor) return; // CLI-2", `if (last <= cursor) return;
  if (seq != cursor + 1 && !stream.gone) applyAll(state, stream, ops, cursor, seq);`);
fault("CLI-3", "a_violation_is_not_reported", "frames.js", "state._effects.report(kind, message, stream);", 'if (kind == "malformed") state._effects.report(kind, message, stream);');
fault("CLI-3", "a_violation_is_closed_with_another_code", "frames.js", 'state._effects.close(BAD_FRAME, "bad_frame");', 'state._effects.close(kind == "malformed" ? 4400 : 1000, "bad_frame");');

fault("CLI-20", "what_is_malformed_is_ignored", "core.js", 'return violation(state, "malformed", `${frame?.type}: ${what}`, frame?.stream);', "return;");
incoming("CLI-20", "a_number_may_be_a_string", `if (frame?.type == "stream" && typeof frame.seq == "string") frame.seq = Number(frame.seq);`);

fault("CLI-4", "ops_wait_for_each_other", "lifecycle.js", "state._effects.frame(ops, () => {", "state._effects.frame(ops, async () => {",
  "if (kind) step(state, stream, op, kind, seq);", "await null;\n      if (kind) step(state, stream, op, kind, seq);");

fault("CLI-5", "a_failing_op_ends_its_frame", "page.js",
  "frame(ops, act) {", "frame(ops, act) {\nroot.over = false;",
  "const isContent = Object.hasOwn(actions, name);", `const isContent = Object.hasOwn(actions, name);
  if (isContent && root.over) return;
  root.over ||= isContent && find(target) === null;`);
fault("CLI-13", "any_selector_is_a_target", "targets.js", "if (known || any) {", "{");

fault("CLI-18", "names_are_looked_up_in_an_object", "state.js", "let stream = _streams.get(name);", "let stream = name in {} ? {}[name] : _streams.get(name);");
incoming("CLI-18", "an_op_of_an_object_is_known", `if (frame?.ops?.some?.((op) => op?.op in {})) return;`);

fault("CLI-19", "the_cursor_moves_before_the_ops", "frames.js", "applyAll(state, stream, ops, last, seq);", "stream.cursor = last;\n    applyAll(state, stream, ops, last, seq);");

