// Every fault: each module registers its own.

import "./sending.mjs";
import "./applying.mjs";
import "./showing.mjs";
import "./telling.mjs";
import "./resuming.mjs";

export { FAULTS } from "./table.mjs";
