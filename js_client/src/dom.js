// Reads and calls what an element itself has. A form gives a field of the name `attributes` or `closest` where its own
// property of this name is expected, and a document does the same with names of its forms and images. The prototype of
// the element is out of reach for names in a page, so its getters and methods are used.

/**
 * The value of a property, with the field of this name left out of account.
 * @param {any} node @param {string} name @returns {any}
 */
export const get = (node, name) => Reflect.get(Object.getPrototypeOf(node), name, node);

/** Calls a method. @param {any} node @param {string} name @param {any[]} values @returns {any} */
export const call = (node, name, ...values) => get(node, name).apply(node, values);

/** Sets a property. @param {any} node @param {string} name @param {any} value */
export const set = (node, name, value) => Reflect.set(Object.getPrototypeOf(node), name, value, node);

/** The value of an attribute, or null. @param {any} el @param {string} name @returns {string | null} */
export const attributeOf = (el, name) => call(el, "getAttribute", name);
