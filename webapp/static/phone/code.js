/**
 * Keys out of what a person keeps in mind: words or digits, made slow to guess. Touches no page and no storage.
 *
 *   draw(list, count)               that many words out of a list, each as likely as any other
 *   plain(text)                     words as they count: small letters without rings and dots, one blank between
 *   stretched(secret, salt, rounds) 256 bits that cost whoever guesses as much as they cost here: ArrayBuffer
 *   closed(secret, bytes)           bytes under a key out of the secret: { salt, rounds, nonce, bytes }, fit for JSON
 *   opened(secret, closed)          those bytes, or undefined where the secret is another one
 */

/** Rounds of PBKDF2 with SHA-256. A phone of 2018 takes about two seconds; whoever guesses pays them for each guess. */
export const ROUNDS = 600000;
const SALT_BYTES = 16;
const NONCE_BYTES = 12;

const random = (length) => crypto.getRandomValues(new Uint8Array(length));

/**
 * @param {string[]} list  at most 65536 words
 * @param {number} count
 * @returns {string[]}
 */
export function draw(list, count) {
  // Numbers past the last whole round of the list would make its first words likelier.
  const most = 65536 - (65536 % list.length);
  const found = [];
  while (found.length < count) {
    const [number] = crypto.getRandomValues(new Uint16Array(1));
    if (number < most) found.push(list[number % list.length]);
  }
  return found;
}

/**
 * @param {string} text  as somebody wrote it, on whatever keyboard
 * @returns {string}
 */
export function plain(text) {
  const bare = text.normalize("NFD").replace(/[\u0300-\u036f]/g, "");
  return bare.toLowerCase().split(/[^a-z]+/).filter(Boolean).join(" ");
}

/**
 * @param {string} secret
 * @param {Uint8Array} salt
 * @param {number} rounds
 * @returns {Promise<ArrayBuffer>}
 */
export async function stretched(secret, salt, rounds) {
  const known = await crypto.subtle.importKey("raw", new TextEncoder().encode(secret), "PBKDF2", false, ["deriveBits"]);
  return crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations: rounds }, known, 256);
}

async function keyOut(secret, salt, rounds) {
  const bits = await stretched(secret, Uint8Array.from(salt), rounds);
  return crypto.subtle.importKey("raw", bits, "AES-GCM", false, ["encrypt", "decrypt"]);
}

/**
 * @param {string} secret
 * @param {Uint8Array} bytes
 * @returns {Promise<{salt: number[], rounds: number, nonce: number[], bytes: number[]}>}
 */
export async function closed(secret, bytes) {
  const [salt, nonce] = [random(SALT_BYTES), random(NONCE_BYTES)];
  const key = await keyOut(secret, salt, ROUNDS);
  const under = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce }, key, bytes);
  const listed = (of) => Array.from(new Uint8Array(of));
  return { salt: listed(salt), rounds: ROUNDS, nonce: listed(nonce), bytes: listed(under) };
}

/** @returns {Promise<Uint8Array|undefined>} */
export async function opened(secret, { salt, rounds, nonce, bytes }) {
  const key = await keyOut(secret, salt, rounds);
  const gcm = { name: "AES-GCM", iv: Uint8Array.from(nonce) };
  // The only error there is: it was closed with another secret.
  return crypto.subtle.decrypt(gcm, key, Uint8Array.from(bytes)).then((found) => new Uint8Array(found), () => undefined);
}
