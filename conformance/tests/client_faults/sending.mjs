// Faults in what a client sends: chapters 1, 2 and 8.

import { fault, outgoing } from "./table.mjs";

const JUST = "send(JSON.stringify(frame));";

outgoing("FRM-1", "a_message_is_no_object", `if (frame.type == "pong") send("[]");\n${JUST}`);
outgoing("FRM-2", "a_member_stands_twice", `send(JSON.stringify(frame).replace('"type":"pong"', '"type":"pong","type":"pong"'));`);
outgoing("FRM-8", "a_pong_has_a_number", `if (frame.type == "pong") frame = { ...frame, t: 7 };\n${JUST}`);
outgoing("FRM-9", "a_hello_takes_too_little", `if (frame.type == "hello") frame = { ...frame, limits: { max_frame_bytes: 100 } };\n${JUST}`);
outgoing("FRM-10", "an_event_has_no_params", `if (frame.type == "event") frame = { ...frame, params: undefined };\n${JUST}`);
outgoing("FRM-10", "an_event_has_other_params", `if (frame.type == "event") frame = { ...frame, params: {} };\n${JUST}`);
outgoing("FRM-11", "a_cancel_names_its_run_in_words", `if (frame.type == "cancel") frame = { ...frame, run: "" + frame.run };\n${JUST}`);
outgoing("FRM-11", "a_cancel_names_another_run", `if (frame.type == "cancel") frame = { ...frame, run: frame.run + 1 };\n${JUST}`);
outgoing("CON-12", "a_pong_forgets_its_t", `if (frame.type == "pong") frame = { type: "pong" };\n${JUST}`);
outgoing("CON-12", "a_pong_comes_twice", `if (frame.type == "pong") ${JUST}\n${JUST}`);
outgoing("CON-16", "hello_is_said_twice", `if (frame.type == "hello") ${JUST}\n${JUST}`);
outgoing("CON-16", "a_ping_comes_before_hello", `if (frame.type == "hello") send('{"type":"ping"}');\n${JUST}`);
outgoing("EVT-9", "every_event_has_the_same_ref", `if (frame.type == "event") frame = { ...frame, ref: 1 };\n${JUST}`);

fault("CON-15", "no_subprotocol_is_offered", "connection.js", "_dialect ? [] : SUBPROTOCOL", "[]");

fault("CON-17", "acks_are_sent_unasked", "frames.js", 'state._acks = caps.includes("ack");', "state._acks = true;");

outgoing("FRM-12", "an_ack_has_a_list", `if (frame.type == "ack") frame = { ...frame, cursors: Object.values(frame.cursors) };\n${JUST}`);
