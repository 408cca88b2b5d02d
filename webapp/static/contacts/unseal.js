/**
 * Opening what seal.js has sealed, form kk1. Touches no page and no storage.
 *
 *   unseal(opened, sealed, number, purpose)   the value; Broken where it was changed or belongs elsewhere
 */

import { fromHex } from "../phone/seal.js";

const KEY_ID_BYTES = 8;
const POINT_BYTES = 65;
const NONCE_BYTES = 12;
const HEAD_BYTES = 1 + KEY_ID_BYTES + POINT_BYTES + NONCE_BYTES;

/** It was changed on its way or on the disk, or is no sign-up. */
export class Broken extends Error {}

/**
 * @param {CryptoKey} opened  private key, for reading
 * @param {Uint8Array} sealed
 * @param {string} number  the submission id, 32 hex digits
 * @param {string} purpose
 * @returns {Promise<*>}
 * @throws {Broken}
 */
export async function unseal(opened, sealed, number, purpose = "contact") {
  const head = sealed.slice(0, HEAD_BYTES);
  const point = head.slice(1 + KEY_ID_BYTES, 1 + KEY_ID_BYTES + POINT_BYTES);
  const nonce = head.slice(HEAD_BYTES - NONCE_BYTES);
  try {
    const sender = await crypto.subtle.importKey("raw", point, { name: "ECDH", namedCurve: "P-256" }, false, []);
    const shared = await crypto.subtle.deriveBits({ name: "ECDH", public: sender }, opened, 256);
    const derived = await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
    const info = new TextEncoder().encode(`kryssklick/1/${purpose}`);
    const hkdf = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info };
    const key = await crypto.subtle.deriveKey(hkdf, derived, { name: "AES-GCM", length: 256 }, false, ["decrypt"]);
    const gcm = { name: "AES-GCM", iv: nonce, additionalData: Uint8Array.from([...head, ...fromHex(number)]) };
    const plain = await crypto.subtle.decrypt(gcm, key, sealed.slice(HEAD_BYTES));
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(plain));
  } catch (error) {
    throw new Broken(String(error));
  }
}
