/**
 * One survey on this phone: what an interface builds on. Touches no page, shows no word.
 *
 *   const survey = openSurvey(data, { onchange })   data: the JSON that the server put into the page (id "phone"); with
 *                                     `source` beside it, the page as the browser wrote it before anything was changed
 *   survey.rules                      for rules.js
 *   survey.begins(now)                whether a new answer may be begun: deadline, and what the server last said
 *   survey.newForm()                  { form, number }: two random names of a form that is begun
 *   survey.check(given)               { faults, kept, gone, empty }: what stands in the way, what is left out
 *   survey.freeze(form, given, lang)  seal what is kept and queue it, take the draft away, begin to send; returns number
 *   survey.states()                   [{ number, state, tries, unsure }] of what is queued; see send.js. A number that is
 *                                   not among them any more was sent
 *   survey.sendNow(), survey.forget(number), survey.retry()
 *   survey.draft(), survey.beginDraft(form, body), survey.saveDraft(form, body), survey.dropDraft()
 *   survey.keepOffline(language)      cache the survey for use without network; other languages when idle
 *   survey.askWorker(message)         see worker.js
 *   survey.refresh()                  ask the server whether the survey still takes answers
 *   eraseAll()                        take everything of every survey off this phone
 *
 * freeze throws TooLong (seal.js) or the browser's own error where the storage is full or forbidden; then nothing has
 * been queued and the answers in memory are untouched. `number` may go along as `id` in an ordinary post of the long
 * page: the server counts the same number once.
 */

import { faults, payload, withoutPassedOver } from "./rules.js";
import { fromBase64, newNumber, seal } from "./seal.js";
import { CHANNEL, entryOf, Sender, stateOf } from "./send.js";
import { openStore } from "./store.js";

const ANSWER_FORMAT = "kryssklick-answer/1";
const WORKER = "/s/worker.js";
const SCOPE = "/s/";

/** One survey on this phone. */
export class PhoneSurvey {
  constructor(data, store, sender) {
    Object.assign(this, { data, store, sender, rules: data.rules, closedByServer: false });
  }

  /**
   * Whether a new answer may be begun, by this phone's clock and by what the server last said.
   * @param {number} now  ms since 1970
   */
  begins(now = Date.now()) {
    return !this.closedByServer && this.data.begins && (this.data.begin_until === null || now < this.data.begin_until);
  }

  /** @returns {{form: string, number: string}} */
  newForm() {
    return { form: newNumber(), number: newNumber() };
  }

  /**
   * Hold answers against the rules.
   * @param {Object} given
   * @returns {{faults: Object[], kept: Object, gone: string[], empty: boolean}}
   */
  check(given) {
    // What does not count any more need not be mended first.
    const { kept, gone } = withoutPassedOver(this.rules, given);
    return { faults: faults(this.rules, kept), kept, gone, empty: !Object.keys(payload(kept)).length };
  }

  /**
   * Seal the answers and put them into the queue; from then on nobody with this phone can read them.
   * @param {{number: string}} form
   * @param {Object} given  already checked
   * @param {string} language
   * @returns {Promise<string>}  the number
   */
  async freeze(form, given, language) {
    const { kept } = withoutPassedOver(this.rules, given);
    const plain = { format: ANSWER_FORMAT, version: this.rules.version, language, answers: payload(kept) };
    const sealed = await seal(fromBase64(this.data.key), plain, form.number);
    await this.store.queue(entryOf(this.data.slug, form.number, sealed, this.data.counts_until));
    this.sender.changed();
    this.sendLater();
    this.sender.send(true).catch(() => {});
    return form.number;
  }

  /** Let the browser send in the background where it can; elsewhere the open page does. */
  async sendLater() {
    const worker = self.navigator && navigator.serviceWorker;
    const registration = worker ? await worker.getRegistration(SCOPE) : null;
    if (registration && registration.sync) await registration.sync.register(CHANNEL).catch(() => {});
  }

  /** @returns {Promise<Array<{number: string, state: string, tries: number, unsure: boolean}>>} */
  async states() {
    const now = Date.now();
    const entries = await this.store.waiting(this.data.slug);
    return entries.map((entry) => {
      const { number, tries, unsure } = entry;
      return { number, state: stateOf(entry, now), tries, unsure };
    });
  }

  /** @returns {Promise<number>}  how many answers of all surveys still wait */
  sendNow() {
    return this.sender.send(true);
  }

  /** Take an entry away that was told to the person: closed or refused. One that still waits stays. */
  forget(number) {
    return this.store.change(number, (entry) => (entry.state === "waiting" ? entry : undefined));
  }

  /** What the server could not take waits again, as if it were new. */
  async retry() {
    for (const { number } of await this.store.waiting(this.data.slug)) {
      const again = (entry) => entryOf(entry.slug, number, entry.sealed, entry.until);
      await this.store.change(number, (entry) => (entry.state === "refused" ? again(entry) : entry));
    }
  }

  draft() {
    return this.store.draft(this.data.slug);
  }

  beginDraft(form, body) {
    return this.store.beginDraft({ slug: this.data.slug, form: form.form, body });
  }

  saveDraft(form, body) {
    return this.store.saveDraft({ slug: this.data.slug, form: form.form, body });
  }

  dropDraft() {
    return this.store.dropDraft(this.data.slug);
  }

  /**
   * Ask the server whether the survey still takes new answers. Without an answer, what was known stays.
   * @returns {Promise<boolean>}  whether an answer came
   */
  async refresh() {
    try {
      const answer = await fetch(this.data.offline, { credentials: "omit", cache: "no-store" });
      const said = await answer.json();
      if (said.format !== "kryssklick-offline/1") return false;
      this.list = said;
      this.closedByServer = !said.begins;
      this.data.begin_until = said.begin_until;
      this.data.counts_until = said.counts_until;
      return true;
    } catch {
      return false;
    }
  }

  /**
   * Keep the survey for use without network: this language with all it needs at once, the others when idle.
   * @param {string} language
   * @returns {Promise<boolean>}  whether it is kept; false where the browser can't, or the network is gone
   */
  async keepOffline(language) {
    const { source } = this.data;
    const { list } = this;
    // What the server said at the beginning is not new for ever.
    delete this.data.source;
    delete this.list;
    const kept = await this.askWorker({ what: "keep", language, source, list });
    const rest = () => this.askWorker({ what: "languages", list });
    if (kept) (self.requestIdleCallback || ((work) => setTimeout(work, 2000)))(rest);
    return kept;
  }

  /**
   * Ask the service worker for something; see worker.js.
   * @param {Object} message
   * @returns {Promise<boolean>}  whether it was done; false where there is none
   */
  async askWorker(message) {
    if (!self.navigator || !navigator.serviceWorker) return false;
    await navigator.serviceWorker.register(WORKER, { scope: SCOPE, updateViaCache: "imports" });
    const { active } = await navigator.serviceWorker.ready;
    return new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = (event) => resolve(event.data === true);
      active.postMessage({ slug: this.data.slug, ...message }, [port2]);
    });
  }
}

/**
 * Open a survey on this phone and begin to send what waits.
 * @param {Object} data  see webapp/views/phonedata.py
 * @param {{onchange: Function}} given  onchange() is called whenever something in the queue may have changed
 * @returns {PhoneSurvey}
 */
export function openSurvey(data, { onchange = () => {} } = {}) {
  const store = openStore();
  const sender = new Sender(store, { onchange });
  const survey = new PhoneSurvey(data, store, sender);
  sender.start().catch(() => {});
  return survey;
}

/** Take everything off this phone: drafts, queued answers, cached surveys, the worker. */
export async function eraseAll() {
  await openStore().eraseAll();
  if (self.caches) for (const name of await caches.keys()) await caches.delete(name);
  const worker = self.navigator && navigator.serviceWorker;
  const registration = worker ? await worker.getRegistration(SCOPE) : null;
  if (registration) await registration.unregister();
}
