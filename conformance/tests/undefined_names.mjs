// Prints, as JSON, the faults of the client whose code uses names that are defined nowhere: such a fault throws, and
// what the suite says of it is not about the requirement that it names. Names that the client's own source takes from
// the browser are known from that source.

import { readFileSync } from "node:fs";
import { Linter } from "eslint";
import { FAULTS } from "./client_faults/index.mjs";
import { changed } from "./client_faults/table.mjs";

const linter = new Linter();
const rules = { "no-undef": "error" };
const undefinedIn = (source) =>
  linter.verify(source, { languageOptions: { sourceType: "module" }, rules }).map(({ message }) => message);

const found = {};
for (const [dialect, faults] of Object.entries(FAULTS)) {
  for (const [name, fault] of faults) {
    const source = readFileSync(new URL(`../../js_client/src/${fault.file}`, import.meta.url), "utf8");
    const known = new Set(undefinedIn(source));
    const unknown = undefinedIn(changed(fault, source, name)).filter((message) => !known.has(message));
    if (unknown.length) found[`${dialect} ${name}`] = unknown;
  }
}
console.log(JSON.stringify(found));
