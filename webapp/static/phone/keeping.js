/**
 * Where the answers are while they are under way: on the person's own phone as a draft, or in this page's memory alone.
 *
 *   const keeping = new Keeping(survey, { onstate, onidle })
 *   keeping.whose                 "", "mine" or "shared"; nothing is kept before the person has said
 *   keeping.found()               the draft of an earlier visit, { given, at, number, language }, or undefined; with
 *                                 { locked: true } where words are needed to open it (store.js)
 *   keeping.take(draft)           go on with that draft here; a tab that had it open keeps nothing any more
 *   keeping.own(whose)            the person has said whose phone it is
 *   keeping.later(body)           keep what is there a moment after the last change; keeping.now() at once
 *   keeping.again()               write what is there once more as a new draft, such as under another key; whether it was
 *   keeping.stop()                nothing is kept or counted any more: sent, erased
 *
 * onstate(state): "kept", "shared", "unkept" (the phone has no room or forbids it) or "elsewhere" (the draft was sent,
 * erased or taken over in another tab). onidle(left): on a shared phone, and after keeping.guard(), in the last minute
 * before the answers go, and with 0 when they have to go. Touches no page.
 */

/** After this long without a touch, answers on a shared phone go, ms. */
export const IDLE_MS = 10 * 60 * 1000;
/** How long before that it is told, ms. */
export const WARNING_MS = 60 * 1000;
/** Wait this long after a change for the next one, ms. */
const SETTLE_MS = 250;
const LOOK_MS = 5000;
const TOUCHES = ["pointerdown", "keydown", "input", "touchstart", "wheel"];

/** Where the answers of one form are kept. */
export class Keeping {
  constructor(survey, { onstate, onidle }) {
    Object.assign(this, { survey, onstate, onidle, whose: "", body: null, timer: null, watch: null });
    this.names = survey.newForm();
    this.touched = () => (this.last = Date.now());
    this.look = this.look.bind(this);
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") this.now();
      else this.look();
    });
    self.addEventListener("pagehide", () => this.now());
  }

  /** @returns {Promise<Object|undefined>} */
  async found() {
    const draft = await this.survey.draft().catch(() => undefined);
    if (draft && draft.locked) return draft;
    return draft && draft.body && draft.body.given ? draft.body : undefined;
  }

  /** Go on with a draft. Its number goes along: sent from two tabs it is still one answer. */
  async take(body) {
    this.whose = "mine";
    this.names.number = body.number;
    await this.begin(body);
  }

  /** @param {string} whose  "mine" or "shared" */
  async own(whose) {
    this.whose = whose;
    if (whose === "mine") return this.begin(this.body);
    await this.survey.dropDraft().catch(() => {});
    this.begun = false;
    this.guard();
    this.onstate("shared");
  }

  /** From now on look whether anybody is there. */
  guard() {
    this.touched();
    TOUCHES.forEach((name) => self.addEventListener(name, this.touched, { passive: true, capture: true }));
    this.watch = this.watch || setInterval(this.look, LOOK_MS);
  }

  async begin(body) {
    this.begun = true;
    this.body = { ...body, number: this.names.number };
    return this.again();
  }

  /** @returns {Promise<boolean>} */
  again() {
    return this.write(() => this.survey.beginDraft(this.names, this.body).then(() => true));
  }

  /** @param {Object} body  { given, at, language } */
  later(body) {
    this.body = { ...body, number: this.names.number };
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.now(), SETTLE_MS);
  }

  async now() {
    clearTimeout(this.timer);
    if (this.whose !== "mine" || !this.begun || !this.body) return;
    await this.write(() => this.survey.saveDraft(this.names, this.body));
  }

  async write(work) {
    const state = await work().then((done) => (done ? "kept" : "elsewhere"), () => "unkept");
    this.onstate(state);
    return state === "kept";
  }

  /** A phone stops the clocks of pages that aren't seen, so the time itself is looked at. */
  look() {
    if (!this.watch) return;
    const left = this.last + IDLE_MS - Date.now();
    // A clock that was put back must not keep the answers for hours.
    if (left <= 0 || left > IDLE_MS + WARNING_MS) this.onidle(0);
    else this.onidle(left <= WARNING_MS ? left : null);
  }

  stop() {
    clearTimeout(this.timer);
    clearInterval(this.watch);
    TOUCHES.forEach((name) => self.removeEventListener(name, this.touched, { capture: true }));
    Object.assign(this, { whose: "", body: null, watch: null, begun: false, names: this.survey.newForm() });
  }
}
