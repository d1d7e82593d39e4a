// Compiles every schema in strict mode and runs every shape vector.
// Prints one line of counts; exits 1 and names each vector whose verdict differs.
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import Ajv2020 from "ajv/dist/2020.js";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const read = (path) => JSON.parse(readFileSync(path, "utf8"));
const filesOf = (folder) =>
  readdirSync(join(root, folder), { recursive: true })
    .sort()
    .filter((name) => name.endsWith(".json"))
    .map((name) => join(root, folder, name));

const schemas = ["v0", "v1", "vectors"]
  .flatMap(filesOf)
  .filter((path) => path.endsWith(".schema.json"))
  .map(read);
const ajv = new Ajv2020.default({ strict: true, schemas });
for (const schema of schemas) ajv.getSchema(schema.$id);

const wrong = [];
let tests = 0;
for (const path of ["vectors/v0/shapes", "vectors/v1/shapes"].flatMap(filesOf)) {
  for (const group of read(path)) {
    const validate = ajv.compile(group.schema);
    for (const test of group.tests) {
      tests += 1;
      if (validate(test.data) !== test.valid) {
        const why = test.valid ? ajv.errorsText(validate.errors) : "nothing is wrong with it";
        wrong.push(
          `${relative(root, path)}: ${group.description}: ${test.description}: ` +
            `should be ${test.valid ? "valid" : "invalid"}, but ${why}`,
        );
      }
    }
  }
}
for (const line of wrong) console.error(line);
console.log(`${schemas.length} schemas, ${tests} vectors, ${wrong.length} wrong`);
process.exit(wrong.length || !schemas.length || !tests ? 1 : 0);
