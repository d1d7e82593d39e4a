// The two ends of ends.js, with the code of views here already: frames take effect as they are said.

import { load } from "../src/page.js";

export * from "./ends.js";

await load();
