/**
 * A sign-up on its way: sealed to every keeper, sent, and told what became of it. Touches no page and no storage.
 *
 *   sealedToAll(keys, value, number)                     bytes to send: one seal for each key, one after the other
 *   deliver({ address, keys, value, number, agree, fetch })
 *                                                        "accepted", "closed", "refused", "later" (not taken just now),
 *                                                        "crowded" (too many at once), "full" (no room), "readers"
 *                                                        (others could read it than was agreed to; nothing was sent to
 *                                                        them) or "unsure" (no answer came)
 *
 * Errors: TooLong (seal.js) where the value takes more than one seal holds.
 */

import { TooLong, fromBase64, seal } from "../phone/seal.js";

/** Bytes of JSON that one seal holds, as PLAIN_BYTES in webapp/dataset/contacts.py. */
const ROOM = 4096;
/** Give up on an attempt after this long, s. */
const PATIENCE_S = 30;
/** How often it is sealed anew where keys change and change again. */
const KEY_CHANGES = 3;
/** Why something was not taken just now, as the server and as the page calls it. */
const REASONS = { crowded: "crowded", "sign-ups-full": "full" };

/**
 * @param {string[]} keys  public keys, base64
 * @param {Object} value
 * @param {string} number  the submission id
 * @returns {Promise<ArrayBuffer>}
 * @throws {TooLong}
 */
export async function sealedToAll(keys, value, number) {
  const length = new TextEncoder().encode(JSON.stringify(value)).length;
  // A larger one would be of another size than the rest, and tell that it is.
  if (length > ROOM) throw new TooLong(String(length));
  const seals = await Promise.all(keys.map((key) => seal(fromBase64(key), value, number, "contact")));
  const all = new Uint8Array(seals.reduce((total, one) => total + one.byteLength, 0));
  seals.forEach((one, n) => all.set(new Uint8Array(one), n * one.byteLength));
  return all.buffer;
}

/** Send once: { status, keys, apart }; keys where those that were sealed to are not the right ones any more. */
async function attempt(address, body, number, fetch) {
  const abort = new AbortController();
  const clock = setTimeout(() => abort.abort(), PATIENCE_S * 1000);
  try {
    const answer = await fetch(address, {
      method: "POST",
      body,
      headers: { "Content-Type": "application/octet-stream", "Kryssklick-Number": number },
      credentials: "omit",
      cache: "no-store",
      redirect: "error",
      referrerPolicy: "no-referrer",
      signal: abort.signal,
    });
    // Hotspots and proxies answer with pages of their own: only our own words count.
    const said = await answer.json().catch(() => null);
    if (!said || said.format !== "kryssklick-receipt/1") return { status: "later" };
    // A survey that is gone takes sign-ups as little as one that is closed.
    if (said.status === "unknown") return { status: "closed" };
    const known = ["accepted", "closed", "refused"].includes(said.status);
    if (!known) return { status: REASONS[said.reason] || "later" };
    return { ...said, keys: said.reason === "other-keys" ? said.keys : undefined };
  } catch {
    return { status: "unsure" };
  } finally {
    clearTimeout(clock);
  }
}

/**
 * agree(keys, apart): whether what was written may be sealed to other keys than the page came with; apart: whether none
 * of their owners counts answers.
 *
 * @returns {Promise<string>}
 */
export async function deliver({ address, keys, value, number, agree, fetch = (...a) => self.fetch(...a) }) {
  let to = keys;
  for (let n = 0; n <= KEY_CHANGES; n += 1) {
    const came = await attempt(address, await sealedToAll(to, value, number), number, fetch);
    if (!came.keys || !came.keys.length) return came.status;
    // A keeper has a new key, or somebody has become one, since the page was loaded.
    if (!agree(came.keys, came.apart)) return "readers";
    to = came.keys;
  }
  return "later";
}
