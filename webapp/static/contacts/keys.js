/**
 * A contact keeper's key pair: made here, locked here, opened here. Touches no page and no storage.
 *
 *   makeKey(passphrase, iterations)         { publicKey, locks, recovery, opened }: what the server keeps, the recovery
 *                                           key in words for paper, and the private key, open
 *   openKey(key, how, secret)               the private key for reading; how: "passphrase" or "recovery". null: wrong
 *   lockAnew(key, how, secret, passphrase, iterations)
 *                                           locks with a new passphrase, the recovery lock as it was. null: wrong
 *   sameWords(text)                         a passphrase as it is taken: however its blanks were typed
 *
 * key: { public, locks } as the server gives it, public in base64. Nothing secret leaves this module but as asked for;
 * locks hold the private key encrypted (AES-GCM) under a key drawn from the passphrase (PBKDF2) and under one drawn from
 * the recovery key (HKDF: it is random enough by itself). Each lock fits its own public key and purpose only.
 */

import { fromBase64 } from "../phone/seal.js";

const FORMAT = "kryssklick-key/1";
const CURVE = { name: "ECDH", namedCurve: "P-256" };
const SALT_BYTES = 16;
const NONCE_BYTES = 12;
/** 160 bits, 32 signs: nobody guesses it, and it fits on a slip of paper. */
const RECOVERY_BYTES = 20;
/** No I, L, O and U: they look like other signs, or make words. */
const SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const GROUP = 4;

const random = (length) => crypto.getRandomValues(new Uint8Array(length));
const toBase64 = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));
const utf8 = (text) => new TextEncoder().encode(text);

/**
 * @param {string} text
 * @returns {string}
 */
export function sameWords(text) {
  return text.normalize("NFKC").trim().replace(/\s+/g, " ");
}

/** The recovery key as it stands on paper: groups of four signs. */
function onPaper(bytes) {
  let bits = "";
  for (const byte of bytes) bits += byte.toString(2).padStart(8, "0");
  const signs = bits.match(/.{5}/g).map((five) => SIGNS[parseInt(five, 2)]).join("");
  return signs.match(new RegExp(`.{${GROUP}}`, "g")).join(" ");
}

/** What was typed from paper as bytes; null where it can't be a recovery key. */
function fromPaper(text) {
  const signs = text.toUpperCase().replace(/[^0-9A-Z]/g, "").replace(/O/g, "0").replace(/[IL]/g, "1");
  if (signs.length * 5 !== RECOVERY_BYTES * 8 || [...signs].some((sign) => !SIGNS.includes(sign))) return null;
  const bits = [...signs].map((sign) => SIGNS.indexOf(sign).toString(2).padStart(5, "0")).join("");
  return Uint8Array.from(bits.match(/.{8}/g), (eight) => parseInt(eight, 2));
}

/** The key of one lock. */
async function lockKey(how, secret, lock) {
  const salt = fromBase64(lock.salt);
  const aes = { name: "AES-GCM", length: 256 };
  if (how === "passphrase") {
    const words = await crypto.subtle.importKey("raw", utf8(sameWords(secret)), "PBKDF2", false, ["deriveKey"]);
    const slow = { name: "PBKDF2", hash: "SHA-256", salt, iterations: lock.iterations };
    return crypto.subtle.deriveKey(slow, words, aes, false, ["encrypt", "decrypt"]);
  }
  const bytes = fromPaper(secret);
  if (!bytes) return null;
  const source = await crypto.subtle.importKey("raw", bytes, "HKDF", false, ["deriveKey"]);
  const hkdf = { name: "HKDF", hash: "SHA-256", salt, info: utf8("kryssklick/1/contact-key") };
  return crypto.subtle.deriveKey(hkdf, source, aes, false, ["encrypt", "decrypt"]);
}

/** Which key and which of its locks: one can't stand in the place of another. */
const place = (how, publicKey) => Uint8Array.from([...utf8(`kryssklick/1/contact-key/${how}`), ...publicKey]);

async function lockUp(how, secret, priv, publicKey, more) {
  const lock = { salt: toBase64(random(SALT_BYTES)), ...more };
  const nonce = random(NONCE_BYTES);
  const gcm = { name: "AES-GCM", iv: nonce, additionalData: place(how, publicKey) };
  const locked = await crypto.subtle.encrypt(gcm, await lockKey(how, secret, lock), priv);
  return { ...lock, nonce: toBase64(nonce), locked: toBase64(locked) };
}

/** The private key as bytes; null where the secret is not the right one. */
async function unlock(key, how, secret) {
  const lock = key.locks[how];
  const publicKey = fromBase64(key.public);
  const aes = await lockKey(how, secret, lock);
  if (!aes) return null;
  const gcm = { name: "AES-GCM", iv: fromBase64(lock.nonce), additionalData: place(how, publicKey) };
  try {
    return new Uint8Array(await crypto.subtle.decrypt(gcm, aes, fromBase64(lock.locked)));
  } catch {
    return null;
  }
}

/** For reading only: it can't be taken out of the browser's own keeping again. */
const forReading = (priv) => crypto.subtle.importKey("pkcs8", priv, CURVE, false, ["deriveBits"]);

/**
 * @param {string} passphrase
 * @param {number} iterations
 * @returns {Promise<{publicKey: string, locks: Object, recovery: string, opened: CryptoKey}>}
 */
export async function makeKey(passphrase, iterations) {
  const pair = await crypto.subtle.generateKey(CURVE, true, ["deriveBits"]);
  const publicKey = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  const priv = new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey));
  const recovery = onPaper(random(RECOVERY_BYTES));
  const locks = {
    format: FORMAT,
    passphrase: await lockUp("passphrase", passphrase, priv, publicKey, { iterations }),
    recovery: await lockUp("recovery", recovery, priv, publicKey),
  };
  const opened = await forReading(priv);
  priv.fill(0);
  return { publicKey: toBase64(publicKey), locks, recovery, opened };
}

/** @returns {Promise<?CryptoKey>} */
export async function openKey(key, how, secret) {
  const priv = await unlock(key, how, secret);
  if (!priv) return null;
  const opened = await forReading(priv);
  priv.fill(0);
  return opened;
}

/** @returns {Promise<?Object>} */
export async function lockAnew(key, how, secret, passphrase, iterations) {
  const priv = await unlock(key, how, secret);
  if (!priv) return null;
  const anew = await lockUp("passphrase", passphrase, priv, fromBase64(key.public), { iterations });
  priv.fill(0);
  return { ...key.locks, passphrase: anew };
}
