// Compares a text with the hash of what the program wrote. Loaded when a server sends a hash.

/**
 * @param {any} window @param {import("./client.js").Options} options
 * @param {string | undefined} text @param {string} sha256
 * @param {(ok: boolean) => void} proved not called if the environment has no crypto
 */
export async function prove(window, { crypto = window.crypto }, text, sha256, proved) {
  if (!crypto?.subtle) return;
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  const hex = [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  proved(hex == sha256);
}
