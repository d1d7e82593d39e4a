// Faults in events for the page, in scrolling, and in leaving and coming back: chapters 7, 12 and 13.

import { fault } from "./table.mjs";

const FIRE = "function fire(el, name, detail) {";
const firing = (breaks, name, code) => fault(breaks, name, "page.js", FIRE, `${FIRE}\n${code}`);
const twice = (kind) => `if (name == "${kind}" && !detail.again) fire(el, name, { ...detail, again: true });`;

firing("CLI-11", "an_error_fires_nothing", 'if (name == "error" && detail.op.target) return;');
fault("CLI-24", "an_expired_run_fires_nothing", "view-frame.js", "if (other) expire(state, stream); // CLI-24", "");
const SAME = "error != shown || code != shownCode || (other && run)";
fault("CLI-24", "an_error_with_another_code_fires_nothing", "view-frame.js", SAME, "error != shown || (other && run)");
fault("CLI-24", "the_same_error_of_a_new_run_fires_nothing", "view-frame.js", SAME, "error != shown || code != shownCode");
firing("CLI-24", "a_run_of_a_view_fires_no_start", 'if (name == "start" && !detail.op.target) return;');

fault("CLI-14", "a_reader_is_always_scrolled_along", "scroll.js", "else if (wentUp(el, place)) place.follows = false;", "");
fault("CLI-14", "nobody_is_scrolled_along", "scroll.js", "if (!place.follows) return;", "return;");

fault("CLI-15", "a_welcome_is_awaited_for_ever", "connection.js", "socket._after(() => close(TIMEOUT), WELCOME_MS); // CLI-15", "");
fault("CLI-15", "a_welcome_is_awaited_for_a_second", "connection.js", "socket._after(() => close(TIMEOUT), WELCOME_MS); // CLI-15", "socket._after(() => close(TIMEOUT), 1000);");

const RETRY = "wait(code, random, now) {";
const retrying = (breaks, name, code) => fault(breaks, name, "core.js", RETRY, `${RETRY}\n${code}`);
retrying("CLI-16", "a_client_comes_back_whatever_it_was_told", "return 50;");
retrying("CLI-16", "the_verdict_of_an_error_is_not_read", "if (state._fatal?.retryable === false) state._fatal = undefined;");
retrying("CLI-25", "a_client_never_comes_back", "return -1;");
retrying("CLI-26", "all_clients_come_back_at_once", "random = 0;");
retrying("CLI-26", "all_clients_wait_for_half_the_time", "random = 0.5;");
retrying("CLI-25", "a_violation_is_the_end", "if (state._fatal && !state._fatal.type) return -1;");

retrying("CLI-25", "a_connection_that_cannot_be_made_is_the_end", "if (!state._since && code == 1006) return -1;");
retrying("CLI-16", "a_client_comes_back_after_a_goodbye", "if (code == 1000) return 50;");
const BOUND = "FIRST_MS * 2 ** state._attempt++";
fault("CLI-26", "the_bound_never_grows", "core.js", BOUND, "FIRST_MS");
fault("CLI-26", "a_welcome_resets_the_bound", "frames.js", "state._since = now;", "state._since = now;\n    state._attempt = 0;");
fault("CLI-27", "a_client_does_not_wait_as_it_is_told", "core.js", "return least + random *", "return random *");
fault("CLI-15", "a_missing_welcome_is_closed_with_another_code", "connection.js", "socket._after(() => close(TIMEOUT), WELCOME_MS); // CLI-15", "socket._after(() => close(4408), WELCOME_MS);");

fault("CLI-17", "a_run_is_not_checked", "integrity.js", "if (!crypto?.subtle) return;", "return;");
fault("CLI-17", "a_replaced_text_is_still_counted", "lifecycle.js", 'op.mode == "replace" ? op.text :', "");
fault("CLI-17", "every_run_is_whole", "integrity.js", "proved(hex == sha256)", "proved(true)");
