// The rules for all JavaScript of the repository: npm run lint.

const rules = {
  "max-lines": ["error", 400],
  "max-lines-per-function": ["error", 80],
  "no-warning-comments": "error",
  "max-len": ["error", { code: 120, ignoreRegExpLiterals: true }], // a regular expression cannot be broken
  "no-shadow": "error",
  "no-unused-vars": "error",
  "prefer-const": "error",
};

export default [
  // conformance/tests contains faults, which are patches of source lines
  { ignores: ["**/node_modules/", "**/types/", "site/", "**/.*venv/", "conformance/tests/"] },
  { files: ["**/*.js", "**/*.mjs"], languageOptions: { sourceType: "module" }, rules },
  {
    // a frame or a page of a test reads best on one line, and what makes a frame is named like the frame
    files: ["js_client/test/**", "js_client/benchmarks/**"],
    rules: { "max-len": "off", "no-shadow": "off", "max-lines-per-function": ["error", 100] },
  },
];
