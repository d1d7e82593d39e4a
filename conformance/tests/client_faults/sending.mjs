// A fault in what a client sends that no mutation of the wire makes: the others are in wire.py.

import { fault } from "./table.mjs";

fault("CON-17", "acks_are_sent_unasked", "frames.js", 'state._acks = caps.includes("ack");', "state._acks = true;");

