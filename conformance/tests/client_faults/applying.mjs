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

fault("CLI-20", "a_frame_with_more_ops_than_n_is_applied", "frames.js", 'if (n < ops.length) return violation(state, "malformed", "stream: n", name); // CLI-20', "");
fault("CLI-20", "a_frame_before_the_welcome_is_applied", "core.js", 'if (react && !state._dialect && isEarlyOrLate(state, frame.type)) throw "order";', 'if (react && !state._dialect && frame.type == "welcome" && state._maxEvents) throw "order";');
fault("CLI-20", "a_second_welcome_is_a_new_session", "core.js", "type == \"welcome\" ? _maxEvents : !_maxEvents &&", "!_maxEvents &&");
fault("CLI-13", "a_stream_writes_into_another", "page.js", 'target == stream.target || target[0] == "#" || v0', "true");
fault("CLI-28", "a_name_of_64_characters_is_too_long", "shape.js", "types.s(value, counts) && NAME.test(value)", "types.s(value, counts) && NAME.test(value) && value.length < 64");
fault("CLI-28", "a_number_has_32_bits", "shape.js", "Number.isSafeInteger(value) && value >= 0", "value === value >>> 0");
fault("FWD-4", "an_unknown_mode_ends_the_session", "shape.js", "counts.value++;\n        delete value[member];", 'if (member == "mode") throw member;\n        counts.value++;\n        delete value[member];');
