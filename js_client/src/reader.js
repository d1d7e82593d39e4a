// What a reader does on a page: they type, press, scroll, and come back. Loaded beside the first connection, since what
// a program says can be shown without it.

export { inputOf } from "./input.js";
export { follow } from "./scroll.js";
