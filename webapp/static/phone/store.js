/**
 * What waits on this phone, in IndexedDB: one draft for each survey, and sealed answers that are not sent yet.
 *
 * Touches no page. Works in a page and in the service worker.
 *
 *   const store = openStore()
 *   store.draft(slug)              the draft { slug, form, body } or undefined; body is whatever the interface keeps
 *                                  (anything JSON holds); it is written under a key that is destroyed with the draft
 *   store.beginDraft(draft)        keep a new one in the place of any other
 *   store.saveDraft(draft)         keep what was changed; false where that form was sent, erased or replaced meanwhile
 *                                  (in another tab): then nothing is written, so that nothing comes back
 *   store.dropDraft(slug), store.dropDrafts()    of one survey, of all
 *   store.lock(slug, raw, wrapped) from now on drafts are written under the key `raw` (32 bytes), which lies here only as
 *                                  `wrapped`; beginDraft has to follow and takes any bare key away. Such a draft comes
 *                                  from draft() as { slug, form, locked: true, sealed, wrapped }
 *   store.unlock(draft, raw)       the body of such a draft, if the key fits; drafts are written under it from now on
 *   store.queue(entry)             put a sealed answer into the queue and take the draft away, both or neither
 *   store.waiting(slug)            entries of a survey, or of all surveys without a slug
 *   store.change(number, change)   change an entry, or remove it where change returns undefined
 *   store.eraseSurvey(slug), store.eraseAll()
 *
 * An entry: { number, slug, sealed, state, tries, next, until, unsure }; see send.js. A draft's `form` is a random text
 * of this phone alone and never travels; it tells one form begun from the next.
 */

import { dropAllKeys, dropBare, dropKey, imported, keyOf, locked, newKey, unlocked, wrap, wrappedOf } from "./shred.js";

const DATABASE = "kryssklick";
const LAYOUT = 1;

const settled = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

function connect(factory) {
  const request = factory.open(DATABASE, LAYOUT);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("drafts", { keyPath: "slug" });
    request.result.createObjectStore("queue", { keyPath: "number" }).createIndex("slug", "slug");
  };
  return settled(request);
}

/** The two stores of this phone. Errors of the browser (storage full, storage forbidden) are passed on. */
export class Store {
  constructor(factory) {
    this.factory = factory;
    this.opening = null;
    this.known = null;
    this.code = null;
  }

  async database() {
    if (!this.opening) {
      this.opening = connect(this.factory).then((db) => {
        // Another tab erases everything, or the browser threw the storage away: open anew when next asked.
        db.onversionchange = () => {
          db.close();
          this.opening = null;
        };
        db.onclose = () => (this.opening = null);
        return db;
      });
      this.opening.catch(() => (this.opening = null));
    }
    return this.opening;
  }

  /**
   * Run work in one transaction; resolves with its result when everything is on the disk.
   *
   * A connection that the browser has closed under us, because storage was cleared or erased, is opened anew; it may be
   * closed once more while that goes on.
   */
  async inTransaction(stores, mode, work, again = 2) {
    try {
      return await this.once(stores, mode, work);
    } catch (error) {
      if (!again || !error || !["AbortError", "InvalidStateError"].includes(error.name)) throw error;
      this.opening = null;
      return this.inTransaction(stores, mode, work, again - 1);
    }
  }

  async once(stores, mode, work) {
    const db = await this.database();
    return new Promise((resolve, reject) => {
      const transaction = db.transaction(stores, mode, { durability: "strict" });
      let result;
      transaction.oncomplete = () => resolve(result);
      transaction.onabort = () => reject(transaction.error);
      work(...stores.map((name) => transaction.objectStore(name))).then(
        (value) => (result = value),
        (error) => {
          reject(error);
          try {
            transaction.abort();
          } catch {
            // It has ended by itself, because of the same error.
          }
        },
      );
    });
  }

  /** @returns {Promise<Object|undefined>} */
  async draft(slug) {
    const found = await this.inTransaction(["drafts"], "readonly", (drafts) => settled(drafts.get(slug)));
    const key = await keyOf(slug);
    const wrapped = found && found.locked ? await wrappedOf(slug) : undefined;
    if (wrapped) {
      // The browser was stopped between writing under the code and destroying the bare key.
      if (key) await dropBare(slug);
      return { slug, form: found.form, locked: true, sealed: found.body, wrapped };
    }
    if (!found && key) await dropKey(slug);
    const body = found && key ? await unlocked(key, found.body) : undefined;
    return body === undefined ? undefined : { ...found, body };
  }

  /** @param {{slug: string, form: string, body: *}} draft */
  async beginDraft({ slug, form, body }) {
    // A page that is being closed has no time to look the key up.
    const { code } = this;
    this.known = { form, key: code || (await newKey(slug)) };
    const draft = { slug, form, body: await locked(this.known.key, body), locked: Boolean(code) };
    await this.inTransaction(["drafts"], "readwrite", (drafts) => settled(drafts.put(draft)));
    if (code) await dropBare(slug);
  }

  async lock(slug, raw, wrapped) {
    await wrap(slug, wrapped);
    this.code = await imported(raw);
  }

  /** @returns {Promise<*>} */
  async unlock(draft, raw) {
    const key = await imported(raw);
    const body = await unlocked(key, draft.sealed);
    if (body !== undefined) this.code = key;
    return body;
  }

  /** @returns {Promise<boolean>} whether it was kept */
  async saveDraft({ slug, form, body }) {
    const key = this.known && this.known.form === form ? this.known.key : await keyOf(slug);
    if (!key) return false;
    const draft = { slug, form, body: await locked(key, body), locked: key === this.code };
    return this.inTransaction(["drafts"], "readwrite", async (drafts) => {
      const before = await settled(drafts.get(slug));
      if (!before || before.form !== form) return false;
      await settled(drafts.put(draft));
      return true;
    });
  }

  async dropDraft(slug) {
    this.code = null;
    await dropKey(slug);
    return this.inTransaction(["drafts"], "readwrite", (drafts) => settled(drafts.delete(slug)));
  }

  async dropDrafts() {
    this.code = null;
    await dropAllKeys();
    return this.inTransaction(["drafts"], "readwrite", (drafts) => settled(drafts.clear()));
  }

  /** Freeze a sealed answer; the same number twice is one entry. */
  async queue(entry) {
    await this.inTransaction(["drafts", "queue"], "readwrite", async (drafts, queue) => {
      await settled(queue.put(entry));
      await settled(drafts.delete(entry.slug));
    });
    this.code = null;
    await dropKey(entry.slug);
  }

  /** @returns {Promise<Object[]>} */
  waiting(slug) {
    return this.inTransaction(["queue"], "readonly", (queue) =>
      settled(slug === undefined ? queue.getAll() : queue.index("slug").getAll(slug)),
    );
  }

  change(number, change) {
    return this.inTransaction(["queue"], "readwrite", async (queue) => {
      const before = await settled(queue.get(number));
      if (!before) return;
      const after = change(before);
      await settled(after === undefined ? queue.delete(number) : queue.put(after));
    });
  }

  /** Take away everything that belongs to one survey. */
  async eraseSurvey(slug) {
    this.code = null;
    await dropKey(slug);
    return this.inTransaction(["drafts", "queue"], "readwrite", async (drafts, queue) => {
      await settled(drafts.delete(slug));
      for (const number of await settled(queue.index("slug").getAllKeys(slug))) await settled(queue.delete(number));
    });
  }

  /** Take away the whole database; open tabs let go of it and begin anew. */
  async eraseAll() {
    this.code = null;
    await dropAllKeys();
    const db = await this.database();
    this.opening = null;
    db.close();
    await settled(this.factory.deleteDatabase(DATABASE));
  }
}

/**
 * @param {IDBFactory} factory
 * @returns {Store}
 */
export function openStore(factory = self.indexedDB) {
  return new Store(factory);
}
