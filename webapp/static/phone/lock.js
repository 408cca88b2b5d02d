/**
 * Locks the draft on one's own phone with four words, and opens it again. Fetched only when somebody wants that.
 *
 *   const lock = new Part(visit, kit)     kit: see more.js
 *   lock.offer()                          show four words; once written down, everything is kept under them alone
 *   lock.ask()                            ask for the words of the draft that lies here
 *   lock.does                             what its buttons do, by their data-do
 *
 * The draft's own key (shred.js) is made anew and lies on the phone only under a key out of the words (code.js). The
 * former key is destroyed, and with it whatever the browser's files still hold of the draft from before.
 */

import { closed, draw, opened, plain } from "./code.js";

const WORDS = 4;
const KEY_BYTES = 32;

/** The lock of one survey's draft. */
export class Part {
  constructor(visit, kit) {
    Object.assign(this, { visit, kit, list: null, words: [] });
    this.does = {
      words: () => this.offer(),
      "lock-now": () => this.close(),
      "no-lock": () => kit.uncover(visit),
      open: () => this.open(),
      forgot: () => kit.cover(visit, "forgot"),
      "not-forgot": () => this.ask(),
      anew: () => this.anew(),
    };
  }

  /** The list of words, in the page's language. */
  async known() {
    if (this.list) return this.list;
    const answer = await fetch(this.kit.place.dataset.words, { credentials: "omit" });
    if (!answer.ok) throw new Error("no words");
    this.list = (await answer.text()).split("\n").filter(Boolean);
    return this.list;
  }

  /** Show four words; each press of "other words" shows four others. */
  async offer() {
    const { kit, visit } = this;
    const list = await this.known().catch(() => null);
    if (!list) return kit.show(kit.byId("told"), "no-more");
    // What is needed to open it again has to be here without network too.
    visit.survey.askWorker({ what: "more", name: "lock", language: visit.data.language }).catch(() => false);
    this.words = draw(list, WORDS);
    const place = kit.cover(visit, "lock");
    kit.put(place.querySelector("ol"), ...this.words.map((word) => kit.tag("li", word)));
    return undefined;
  }

  /** The words are written down: from now on the draft is kept under them alone. */
  async close() {
    const { kit, visit } = this;
    if (!this.words.length) return;
    const secret = plain(this.words.join(" "));
    this.words = [];
    this.busy(true);
    const raw = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
    const done = await closed(secret, raw)
      .then((wrapped) => visit.survey.store.lock(visit.data.slug, raw, wrapped))
      .then(() => true, () => false);
    raw.fill(0);
    kit.uncover(visit);
    if (done) await visit.locked();
    else kit.show(kit.byId("told"), "not-locked");
  }

  /** Ask for the words. */
  ask() {
    const place = this.kit.cover(this.visit, "unlock");
    place.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.open();
    });
  }

  async open() {
    const { kit, visit } = this;
    const field = kit.byId("words");
    const wrong = kit.byId("not-words");
    if (this.working) return undefined;
    wrong.textContent = "";
    const secret = plain(field.value);
    this.busy(true);
    const raw = secret.split(" ").length === WORDS ? await opened(secret, visit.draft.wrapped) : undefined;
    const body = raw && (await visit.survey.store.unlock(visit.draft, raw));
    this.busy(false);
    if (body && body.given) {
      field.value = "";
      kit.uncover(visit);
      return visit.opened(body);
    }
    kit.put(wrong, kit.made("wrong-words"));
    field.setAttribute("aria-invalid", "true");
    return field.focus();
  }

  /** The words are gone, and with them the draft. */
  async anew() {
    this.kit.uncover(this.visit);
    await this.visit.restart();
  }

  /** It takes a moment on an old phone. */
  busy(on) {
    this.working = on;
    const line = this.kit.byId("moment");
    if (line) line.textContent = on ? line.dataset.said : "";
  }
}
