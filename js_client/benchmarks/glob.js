// Finds the first file that matches a path with a wildcard, such as lib/python3.*/…
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** @param {string} folder @param {string} path @returns {string | undefined} */
export const globSync = (folder, path) =>
  existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name, path)).find((file) => existsSync(file)) : undefined;
