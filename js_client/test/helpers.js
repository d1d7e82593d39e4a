// The two ends of ends.js, with the code of views already loaded, so that frames take effect at once.

import { load } from "../src/page.js";

export * from "./ends.js";

await load();
