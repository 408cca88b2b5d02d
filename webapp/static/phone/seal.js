/**
 * Sealing in the form kk1, exactly as webapp/dataset/sealing.py opens it. Touches no page and no storage.
 *
 *   canSeal()                                whether this browser and this address allow it (HTTPS or localhost)
 *   newNumber()                              a submission id: 128 random bits as 32 hex digits, one for each form begun
 *   seal(publicKey, value, number, purpose)  bytes to queue: JSON of value, padded, sealed; purpose "answer" or "contact"
 *   fromBase64(text), fromHex(text), toHex(bytes)
 *
 * From sealing on nobody who holds the phone can read the answer: the key that was used is forgotten at once.
 * Errors: TooLong where the JSON takes more than 256 KiB.
 */

const VERSION = 1;
const KEY_ID_BYTES = 8;
const NONCE_BYTES = 12;
/** Lengths that a plaintext may have, bytes. */
const SIZES = [4, 16, 64, 256].map((n) => n * 1024);
const BLANK = 0x20;

/** The answers take more room than the largest size: the person has to shorten a text. */
export class TooLong extends Error {}

/**
 * Whether answers can be sealed here; over plain HTTP they can't, and the long page without script is used.
 * @returns {boolean}
 */
export function canSeal() {
  return Boolean(self.isSecureContext && self.crypto && self.crypto.subtle && self.TextEncoder);
}

/**
 * Bytes of a base64 text, the address-safe kind included.
 * @param {string} text
 * @returns {Uint8Array}
 */
export function fromBase64(text) {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (sign) => sign.charCodeAt(0));
}

/**
 * @param {Uint8Array} bytes
 * @returns {string}  two small hex digits a byte
 */
export function toHex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * @param {string} text  two hex digits a byte
 * @returns {Uint8Array}
 */
export function fromHex(text) {
  return Uint8Array.from(text.match(/../g) || [], (pair) => parseInt(pair, 16));
}

/**
 * A new submission id. Never take the one in the page: a cached page is used for many forms.
 * @returns {string}  32 hex digits
 */
export function newNumber() {
  return toHex(crypto.getRandomValues(new Uint8Array(16)));
}

function joined(...parts) {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function padded(value) {
  const plain = new TextEncoder().encode(JSON.stringify(value));
  const size = SIZES.find((most) => plain.length <= most);
  if (!size) throw new TooLong(String(plain.length));
  const all = new Uint8Array(size).fill(BLANK);
  all.set(plain);
  return all;
}

/**
 * Seal a value to a public key.
 * @param {Uint8Array} publicKey  uncompressed P-256 point, 65 bytes
 * @param {*} value  anything JSON holds, at most 256 KiB
 * @param {string} number  the submission id, needed again to open it
 * @param {string} purpose  "answer" or "contact"; one can't be passed off as the other
 * @returns {Promise<ArrayBuffer>}
 * @throws {TooLong}
 */
export async function seal(publicKey, value, number, purpose = "answer") {
  const plain = padded(value);
  const curve = { name: "ECDH", namedCurve: "P-256" };
  const own = await crypto.subtle.generateKey(curve, false, ["deriveBits"]);
  const point = new Uint8Array(await crypto.subtle.exportKey("raw", own.publicKey));
  const recipient = await crypto.subtle.importKey("raw", publicKey, curve, false, []);
  const shared = await crypto.subtle.deriveBits({ name: "ECDH", public: recipient }, own.privateKey, 256);
  const derived = await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
  const info = new TextEncoder().encode(`kryssklick/1/${purpose}`);
  const hkdf = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info };
  const key = await crypto.subtle.deriveKey(hkdf, derived, { name: "AES-GCM", length: 256 }, false, ["encrypt"]);
  const keyId = new Uint8Array(await crypto.subtle.digest("SHA-256", publicKey)).slice(0, KEY_ID_BYTES);
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const head = joined(Uint8Array.of(VERSION), keyId, point, nonce);
  const gcm = { name: "AES-GCM", iv: nonce, additionalData: joined(head, fromHex(number)) };
  return joined(head, new Uint8Array(await crypto.subtle.encrypt(gcm, key, plain))).buffer;
}
