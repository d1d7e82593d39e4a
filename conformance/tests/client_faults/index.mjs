// Every fault of the client, by dialect and name: each module registers its own.

import "./sending.mjs";
import "./applying.mjs";
import "./showing.mjs";
import "./telling.mjs";
import "./resuming.mjs";
import { faults as v1 } from "./table.mjs";
import { faults as v0 } from "./v0.mjs";

export const FAULTS = { v1, v0 };
