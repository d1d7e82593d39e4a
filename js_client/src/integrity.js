// Is a text the one that the program wrote? Loaded when a server says what it wrote.

/**
 * @param {any} crypto @param {string | undefined} text @param {string} sha256
 * @param {(ok: boolean) => void} proved not called where there is no crypto
 */
export async function prove(crypto, text, sha256, proved) {
  if (!crypto?.subtle) return;
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  const hex = [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  proved(hex == sha256);
}
