// Faults in acknowledging, and in coming back to a session: chapters 8 to 11.

import { fault } from "./table.mjs";

const core = (breaks, name, ...changes) => fault(breaks, name, "core.js", ...changes);
const frames = (breaks, name, ...changes) => fault(breaks, name, "frames.js", ...changes);
const lifecycle = (breaks, name, ...changes) => fault(breaks, name, "lifecycle.js", ...changes);

const DUE = "++state._owed >= due";
core("FLW-5", "an_ack_comes_one_frame_late", DUE, "++state._owed > due");
core("FLW-5", "an_ack_waits_for_the_whole_window", DUE, "++state._owed >= 2 * due");
core("FLW-5", "only_a_streams_frame_brings_an_ack", DUE, '++state._owed >= (frame.type == "view" ? Infinity : due)');
frames("FLW-5", "a_repeated_frame_is_not_acknowledged", "if (last <= cursor) return; // CLI-2", "if (last <= cursor) return void (state._owed -= state._acks);");
fault("FLW-5", "an_old_view_is_not_acknowledged", "view-frame.js", "if (version <= state._version) return; // CLI-22", "if (version <= state._version) return void (state._owed -= state._acks);");
core("FLW-5", "an_ack_names_one_stream_only", "cursors: cursorsOf(state._touched)", "cursors: cursorsOf([...state._touched].slice(0, 1))");

fault("FLW-6", "a_quiet_stream_gets_no_ack", "connection.js", "if (session.message(data, now())) acknowledge();", "session.message(data, now());");
core("FLW-6", "a_view_alone_gets_no_ack", "return state._owed;", 'return frame.type == "view" ? 0 : state._owed;');

const CANCELS = "state._streams.forEach((stream) => sendCancel(state, stream)); // FLW-13";
frames("FLW-13", "a_cancel_is_repeated_once", CANCELS, "state._streams.forEach((stream) => { sendCancel(state, stream); stream.stop = 0; });");

const EVENTS = "for (const [event] of state._unanswered.values()) state._effects.send(event); // RES-13";
const repeated = (name, code) => frames("RES-13", name, EVENTS, `for (const [event] of state._unanswered.values()) ${code}`);
fault("RES-13", "an_event_is_repeated_that_was_answered", "events.js", "state._unanswered.delete(ref);", "if (failure) state._unanswered.delete(ref);");
frames("EVT-9", "refs_begin_anew_with_a_connection", "state._maxEvents = limits.max_events;", "state._maxEvents = limits.max_events;\n    state._ref = 0;");

const ENDS = "stream.cursor = 0;\n    expire(state, stream);";
lifecycle("RES-14", "cursors_outlive_their_session", ENDS, "expire(state, stream);");
lifecycle("RES-14", "runs_outlive_their_session", ENDS, "stream.cursor = 0;");
lifecycle("RES-14", "a_run_ends_twice", ENDS, `stream.cursor = 0;\n      if (stream.run) state._effects.op(stream, { op: "done", reason: "expired" }, stream.run);\n      expire(state, stream);`);
frames("RES-14", "contents_go_with_their_session", "if (session !== state._id) forget(state);", `if (session !== state._id) {
        if (state._id) for (const stream of state._streams.values()) state._effects.op(stream, { op: "text", target: stream.target, text: "", mode: "replace" }, 0);
        forget(state);
      }`);
lifecycle("RES-14", "the_version_outlives_its_session", "state._id = state._version = 0;", "state._id = 0;");
lifecycle("RES-14", "events_go_to_the_next_session", "for (const ref of state._unanswered.keys()) answer(state, ref, LOST);", "");

const CURSORS = "cursors: cursorsOf(state._streams.values())";
const resumed = (name, cursors) => core("RES-15", name, CURSORS, `cursors: ${cursors}`);
resumed("a_resume_has_the_cursors_of_open_streams", "cursorsOf([...state._streams.values()].filter(({ run }) => run && run > 7))");
resumed("a_resume_leaves_out_streams_whose_run_ended", "cursorsOf([...state._streams.values()].filter(({ run }) => run))");
resumed("a_resume_leaves_out_streams_with_an_open_run", "cursorsOf([...state._streams.values()].filter(({ run }) => !run))");
frames("RES-15", "a_frame_that_is_not_applied_moves_the_cursor", 'return violation(state, seq > cursor ? "gap"', 'return (stream.cursor = last), violation(state, seq > cursor ? "gap"');

const ATTEMPT = "attempt: ++state._resumes,";
frames("RES-21", "attempts_are_counted_from_the_last_answer", "state._since = now;", "state._since = now;\n    state._resumes = 0;");
core("RES-21", "an_attempt_without_an_answer_does_not_count", ATTEMPT, "attempt: state._resumes + 1,", "state._counts.frame++; // FWD-4", "state._counts.frame++; // FWD-4\n  if (frame.type == \"welcome\") state._resumes++;");

const HOW = 'stream.gone = how == "gone";';
core("RES-16", "runs_end_with_the_connection", "if (!state._id) forget(state);", "for (const stream of streams.values()) expire(state, stream);\n      if (!state._id) forget(state);",
  "import { forget }", "import { expire, forget }");
frames("RES-16", "a_resumed_run_starts_anew", HOW, `${HOW}\n          if (how == "replay" && stream.run) state._effects.op(stream, { op: "start", run: stream.run }, stream.run);`);
frames("RES-16", "the_version_of_the_view_is_forgotten", "state._maxEvents = limits.max_events;", "state._maxEvents = limits.max_events;\n    if (frame.resumed) state._version = 0;");
frames("RES-16", "a_resumed_stream_jumps_to_its_end", HOW, `${HOW}\n          if (how == "replay") stream.cursor = seq;`);

frames("RES-17", "gone_leaves_the_run_open", "expire(state, stream); // RES-17", "");
frames("RES-17", "gone_leaves_the_cursor", "stream.cursor = seq;\n", "\n");
const BEYOND = ' && !(stream.gone && seq > cursor && ops[0].op == "start")';
frames("RES-17", "nothing_begins_beyond_the_cursor", BEYOND, "");
frames("RES-17", "anything_begins_beyond_the_cursor", BEYOND, " && !(stream.gone && seq > cursor)");
frames("RES-17", "gone_is_for_ever", "stream.gone = false;\n    applyAll", "applyAll");

frames("RES-18", "a_stream_that_a_view_tells_of_is_gone", HOW, 'stream.gone = how != "replay";');
frames("RES-18", "the_cursor_moves_before_the_view", HOW, `${HOW}\n          if (how == "view") stream.cursor = seq;`);

const BROKEN = "if (state._broken.has(kind + stream)) state._id = 0;";
frames("RES-19", "a_broken_peer_is_resumed_for_ever", BROKEN, "");
frames("RES-19", "a_broken_peer_is_never_resumed", BROKEN, "state._id = 0;");
