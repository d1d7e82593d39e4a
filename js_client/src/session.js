// The protocol alone, for other environments: a session that also knows views.

import { sessionOf } from "./core.js";
import { reactions } from "./frames.js";
import { viewFrame } from "./view-frame.js";

/** @typedef {import("./state.js").Stream} Stream */
/** @typedef {import("./state.js").Op} Op */
/** @typedef {import("./state.js").Effects} Effects */
/** @typedef {import("./state.js").Wishes} Wishes */

reactions.view = viewFrame;

export { sessionOf };
