// A fault in what a client sends that no mutation of the wire makes: the others are in wire.py.

import { fault } from "./table.mjs";

fault("CON-18", "the_view_is_named_once", "core.js", "view: view && { params: {}, ...view },", "view: state._attempt ? undefined : view && { params: {}, ...view },");
fault("EVT-10", "events_do_not_wait_for_replies", "events.js", "state._unanswered.size < state._maxEvents", "state._maxEvents");
fault("CON-17", "acks_are_sent_unasked", "frames.js", 'state._acks = caps.includes("ack");', "state._acks = true;");

