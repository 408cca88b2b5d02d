/**
 * Makes drafts that can be destroyed. Touches no page.
 *
 * A browser's database keeps what was deleted in its files until it tidies up, for days perhaps. So a draft is written
 * there under a key of its own, and the key lies in a file of its own, in the browser's cache storage, which removes
 * files at once. Without the key nobody reads what the database has left behind. It protects what was deleted, not what
 * is there: whoever holds the phone has key and draft; only a code that the person keeps in mind protects that. With
 * such a code the key lies there in the code's own wrapping (code.js), and nowhere bare.
 *
 *   newKey(slug)               a fresh key, in the place of any other; imported(bytes) makes one of 32 bytes
 *   keyOf(slug)                the key, or undefined
 *   wrap(slug, wrapped)        keep a key in its wrapping, anything JSON holds; wrappedOf(slug) gives it back
 *   dropBare(slug)             destroy the bare key, not the wrapped one
 *   dropKey(slug)              destroy it, bare or wrapped
 *   dropAllKeys()              destroy those of every survey
 *   locked(key, value), unlocked(key, locked)    value: anything JSON holds; undefined where the key does not fit
 */

const CACHE = "kryssklick-key";
const NONCE_BYTES = 12;
const KEY_BYTES = 32;

const place = (slug) => `/s/${slug}/key`;
const placeWrapped = (slug) => `/s/${slug}/wrapped`;
/** @returns {Promise<CryptoKey>} */
export const imported = (raw) => crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);

/** @returns {Promise<CryptoKey>} */
export async function newKey(slug) {
  const raw = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  const cache = await caches.open(CACHE);
  await cache.put(place(slug), new Response(raw));
  return imported(raw);
}

/** @returns {Promise<CryptoKey|undefined>} */
export async function keyOf(slug) {
  const found = await caches.match(place(slug), { cacheName: CACHE });
  return found && imported(await found.arrayBuffer());
}

/** @returns {Promise<void>} */
export async function wrap(slug, wrapped) {
  const cache = await caches.open(CACHE);
  await cache.put(placeWrapped(slug), new Response(JSON.stringify(wrapped)));
}

/** @returns {Promise<Object|undefined>} */
export async function wrappedOf(slug) {
  const found = await caches.match(placeWrapped(slug), { cacheName: CACHE });
  return found && found.json();
}

/** A browser removes an entry's file at once; a whole cache only when nobody has it open any more. */
async function drop(fits) {
  if (!(await caches.has(CACHE))) return;
  const cache = await caches.open(CACHE);
  for (const request of await cache.keys()) if (fits(new URL(request.url).pathname)) await cache.delete(request);
  if (!(await cache.keys()).length) await caches.delete(CACHE);
}

/** @returns {Promise<void>} */
export function dropBare(slug) {
  return drop((path) => path === place(slug));
}

/** @returns {Promise<void>} */
export function dropKey(slug) {
  return drop((path) => path === place(slug) || path === placeWrapped(slug));
}

/** @returns {Promise<void>} */
export function dropAllKeys() {
  return drop(() => true);
}

/** @returns {Promise<{nonce: Uint8Array, bytes: ArrayBuffer}>} */
export async function locked(key, value) {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const plain = new TextEncoder().encode(JSON.stringify(value));
  return { nonce, bytes: await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce }, key, plain) };
}

/** @returns {Promise<*>}  undefined where it was written under another key */
export async function unlocked(key, { nonce, bytes }) {
  try {
    const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: nonce }, key, bytes);
    return JSON.parse(new TextDecoder().decode(plain));
  } catch {
    return undefined;
  }
}
