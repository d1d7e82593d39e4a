// The client of streamops.v1. Importing this has no effect; `streamops/auto` connects what the page marks.

export { connect } from "./client.js";

/** @typedef {import("./client.js").Client} Client */
/** @typedef {import("./client.js").Options} Options */
/** @typedef {import("./client.js").Report} Report */
/** @typedef {import("./client.js").EventError} EventError */
/** @typedef {import("./session.js").Stream} Stream */
