// Faults in acknowledging, and in coming back to a session: chapters 8 to 11.

import { fault } from "./table.mjs";

const session = (breaks, name, ...changes) => fault(breaks, name, "session.js", ...changes);

const DUE = "++owed >= (granted.window >> 1 || 1)";
session("FLW-5", "an_ack_comes_one_frame_late", DUE, "++owed > (granted.window >> 1 || 1)");
session("FLW-5", "an_ack_waits_for_the_whole_window", DUE, "++owed >= granted.window");
session("FLW-5", "only_a_streams_frame_brings_an_ack", DUE, '++owed >= (frame.type == "view" ? Infinity : granted.window >> 1 || 1)');
session("FLW-5", "a_repeated_frame_is_not_acknowledged", "if (last <= cursor) return; // CLI-2", "if (last <= cursor) return void (owed -= acks);");
session("FLW-5", "an_old_view_is_not_acknowledged", "if (version <= lastVersion) return; // CLI-22", "if (version <= lastVersion) return void (owed -= acks);");
session("FLW-5", "an_ack_names_one_stream_only", "cursors: cursorsOf(fresh)", "cursors: cursorsOf([...fresh].slice(0, 1))");

fault("FLW-6", "a_quiet_stream_gets_no_ack", "client.js", "session.message(data, now()) && !due", "session.message(data, now()) && due === 0");
session("FLW-6", "a_view_alone_gets_no_ack", "return owed;", 'return frame.type == "view" ? 0 : owed;');

const CANCELS = "streams.forEach(stop); // FLW-13";
session("FLW-13", "a_cancel_is_repeated_once", CANCELS, "streams.forEach((stream) => { stop(stream); stream.stop = 0; });");

const EVENTS = "for (const [event] of unanswered.values()) effects.send(event); // RES-13";
const repeated = (name, code) => session("RES-13", name, EVENTS, `for (const [event] of unanswered.values()) ${code}`);
session("RES-13", "an_event_is_repeated_that_was_answered", "unanswered.delete(ref);", "if (failure) unanswered.delete(ref);");
session("EVT-9", "refs_begin_anew_with_a_connection", "maxEvents = limits.max_events;", "maxEvents = limits.max_events;\n      lastRef = 0;");

const ENDS = "stream.cursor = 0;\n      expire(stream);";
session("RES-14", "cursors_outlive_their_session", ENDS, "expire(stream);");
session("RES-14", "runs_outlive_their_session", ENDS, "stream.cursor = 0;");
session("RES-14", "a_run_ends_twice", ENDS, `stream.cursor = 0;\n      if (stream.run) effects.op(stream, { op: "done", reason: "expired" }, stream.run);\n      expire(stream);`);
session("RES-14", "contents_go_with_their_session", "if (session !== id) forget();", `if (session !== id) {
        if (id) for (const stream of streams.values()) effects.op(stream, { op: "text", target: stream.target, text: "", mode: "replace" }, 0);
        forget();
      }`);
session("RES-14", "the_version_outlives_its_session", "id = lastVersion = 0;", "id = 0;");
session("RES-14", "events_go_to_the_next_session", "for (const ref of unanswered.keys()) answer(ref, LOST);", "");

const CURSORS = "cursors: cursorsOf(streams.values())";
const resumed = (name, cursors) => session("RES-15", name, CURSORS, `cursors: ${cursors}`);
resumed("a_resume_has_the_cursors_of_open_streams", "cursorsOf([...streams.values()].filter(({ run }) => run && run > 7))");
session("RES-15", "a_frame_that_is_not_applied_moves_the_cursor", 'return violation(seq > cursor ? "gap"', 'return (stream.cursor = last), violation(seq > cursor ? "gap"');

const ATTEMPT = ", attempt: ++resumes }";
session("RES-21", "attempts_are_counted_from_the_last_answer", "welcomed = true;", "welcomed = true;\n      resumes = 0;");
session("RES-21", "an_attempt_without_an_answer_does_not_count", ATTEMPT, ", attempt: resumes + 1 }", "welcomed = true;", "welcomed = true;\n      resumes++;");

const HOW = 'stream.gone = how == "gone";';
session("RES-16", "runs_end_with_the_connection", "if (!id) forget();", "streams.forEach(expire);\n      if (!id) forget();");
session("RES-16", "a_resumed_run_starts_anew", HOW, `${HOW}\n          if (how == "replay" && stream.run) effects.op(stream, { op: "start", run: stream.run }, stream.run);`);
session("RES-16", "the_version_of_the_view_is_forgotten", "maxEvents = limits.max_events;", "maxEvents = limits.max_events;\n      if (frame.resumed) lastVersion = 0;");
session("RES-16", "a_resumed_stream_jumps_to_its_end", HOW, `${HOW}\n          if (how == "replay") stream.cursor = seq;`);

session("RES-17", "gone_leaves_the_run_open", "expire(stream); // RES-17", "");
session("RES-17", "gone_leaves_the_cursor", "stream.cursor = seq;\n", "\n");
const BEYOND = ' && !(stream.gone && seq > cursor && ops[0].op == "start")';
session("RES-17", "nothing_begins_beyond_the_cursor", BEYOND, "");
session("RES-17", "anything_begins_beyond_the_cursor", BEYOND, " && !(stream.gone && seq > cursor)");
session("RES-17", "gone_is_for_ever", "stream.gone = false;\n      applyAll", "applyAll");

session("RES-18", "a_stream_that_a_view_tells_of_is_gone", HOW, 'stream.gone = how != "replay";');
session("RES-18", "the_cursor_moves_before_the_view", HOW, `${HOW}\n          if (how == "view") stream.cursor = seq;`);

const BROKEN = "if (broken.has(kind + stream)) id = 0;";
session("RES-19", "a_broken_peer_is_resumed_for_ever", BROKEN, "");
session("RES-19", "a_broken_peer_is_never_resumed", BROKEN, "id = 0;");
