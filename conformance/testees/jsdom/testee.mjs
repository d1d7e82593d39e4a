// This project's client in node, each case on a jsdom page: node conformance/testees/jsdom/testee.mjs [--v0] URL

import { connect } from "../../../js_client/src/index.js";
import { answerOnPages } from "./pages.mjs";

await answerOnPages({ control: process.argv.at(-1), connect, v0: process.argv.includes("--v0") });
process.exit(0); // also if a client still waits to reconnect
