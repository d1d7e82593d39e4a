// Holds the AsyncAPI document, or the one named as argument, to the JSON Schema of AsyncAPI 3.0 itself.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import Ajv from "ajv";

const require = createRequire(import.meta.url);
const path = process.argv[2] ?? new URL("../v1/asyncapi.json", import.meta.url);
const document = JSON.parse(readFileSync(path, "utf8"));
const ajv = new Ajv.default({
  strict: false, // their schema uses keywords of its own, such as markdownDescription and x-…
  validateFormats: false, // its formats (uri-reference, email) need another package, and the document has none
});
// the edition without $id: the other declares draft-07 a second time, which ajv refuses
const validate = ajv.compile(require("@asyncapi/specs/schemas/3.0.0-without-$id.json"));
if (!validate(document)) {
  console.error(ajv.errorsText(validate.errors, { separator: "\n" }));
  process.exit(1);
}
console.log(`AsyncAPI ${document.asyncapi}: ${Object.keys(document.operations).length} operations`);
