// Faults in what a client sends: chapters 1, 2 and 8.

import { fault, outgoing } from "./table.mjs";

const JUST = "send(JSON.stringify(frame));";

fault("CON-17", "acks_are_sent_unasked", "session.js", 'acks = caps.includes("ack");', "acks = true;");

