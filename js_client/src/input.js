// Sends the events that attributes name: dj-click, dj-submit, dj-change, dj-input, dj-keydown.
// The root has one listener for each, so elements that are added later need no binding.

const TYPES = ["click", "submit", "change", "input", "keydown"];

/**
 * @param {Element} root
 * @param {any} window
 * @param {(event: string, params: object) => Promise<unknown>} push
 * @param {(kind: string, error: unknown) => void} report
 * @param {(el: Element, name: string, detail: object) => void} fire
 * @returns {() => void} stops listening
 */
export function listen(root, window, push, report, fire) {
  /** @param {any} event */
  function heard(event) {
    const { type, target, key, submitter } = event;
    const el = target.closest?.(`[dj-${type}]`);
    if (!root.contains(el || null)) return;
    const wanted = type == "keydown" && el.getAttribute("dj-key");
    if (wanted && wanted != key) return;
    /** @type {Record<string, any>} */
    const params = Object.create(null);
    // the element's `data-*` attributes, with underscores for dashes, except those for streams
    for (const { name, value } of el.attributes)
      if (/^data-(?!stream-|loading-class)/.test(name)) params[name.slice(5).replaceAll("-", "_")] = value;
    if (type == "submit") {
      const data = new window.FormData(el, submitter);
      for (const name of data.keys()) {
        // a name that occurs more than once gives a list; files are not sent
        const values = data.getAll(name).filter((/** @type {unknown} */ value) => typeof value == "string");
        if (values[0] != undefined) params[name] = values[1] == undefined ? values[0] : values;
      }
    } else if (type != "click") {
      const { name, value, checked, type: kind } = target;
      if (type == "keydown") params.key = key;
      if (name) params.field = name;
      if (value != undefined) params.value = kind == "checkbox" ? checked : value;
    }
    if (type == "submit" || el.tagName == "A" || wanted) event.preventDefault();
    const name = el.getAttribute("dj-" + type);
    push(name, params).then(
      () => el.hasAttribute("dj-reset") && el.reset?.(),
      (error) => {
        report("reply", error);
        fire(el, "refused", { event: name, code: error.code, error: error.message });
      },
    );
  }
  TYPES.forEach((type) => root.addEventListener(type, heard));
  return () => TYPES.forEach((type) => root.removeEventListener(type, heard));
}
