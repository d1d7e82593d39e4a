// A fault in what a client sends that no mutation of the wire makes: the others are in wire.py.

import { fault } from "./table.mjs";

fault("CON-17", "acks_are_sent_unasked", "session.js", 'acks = caps.includes("ack");', "acks = true;");

