/**
 * One person's visit to a survey on a phone: the calm form, put together from steps, keeping, review and outcome.
 *
 *   new Visit(data).start()      data: the JSON that the server put into the page (id "phone")
 *
 * Takes over the long page where answers can be sealed and kept. Everything it shows stands ready in the page, in the
 * page's language; what was answered lives in the form's own fields.
 */

import { fillIn, tidy } from "./fill.js";
import { givenFrom } from "./fields.js";
import { send, tellFaults } from "./finish.js";
import { aside, more, onTablet, uncover } from "./more.js";
import { Keeping } from "./keeping.js";
import { Outcome } from "./outcome.js";
import { faultWords, listAnswers } from "./review.js";
import { offerFinder } from "./finder.js";
import { hush, onVoices } from "./speak.js";
import { Steps } from "./steps.js";
import { openSurvey } from "./survey.js";
import { askToErase, changeLanguage, erase, getAway, sayAloud } from "./tools.js";
import { byId, clear, filled, focusOn, put, show } from "./view.js";

/** The page of one survey, taken over. */
export class Visit {
  constructor(data) {
    Object.assign(this, { data, at: "about", reviewed: null, done: false, ready: false, parts: {}, trail: [] });
    this.survey = openSurvey(data, { onchange: () => this.outcome && this.outcome.follow() });
    this.outcome = new Outcome(this.survey);
    this.keeping = new Keeping(this.survey, { onstate: (s) => this.kept(s), onidle: (left) => this.idle(left) });
  }

  async start() {
    const { hash, pathname, search } = location;
    history.replaceState({ depth: 0 }, "", pathname + search);
    document.addEventListener("click", (event) => this.click(event));
    self.addEventListener("popstate", (event) => this.travelled(event.state));
    this.dress();
    const staff = hash === "#tablet";
    const tablet = await onTablet();
    if (!tablet) this.outcome.follow();
    if (this.form) this.paint();
    if (tablet || staff) {
      const part = await more(this, "tablet");
      if (part) await part.start(staff);
      if (tablet) this.tablet = part;
      // Without its words the page would be one like any other.
      if (tablet && !part) return this.form && (this.form.hidden = true);
    }
    if (this.form && !tablet && !staff) await this.begin();
    if (hash === "#sign-up") show(byId("told"), "no-sign-up");
    this.ready = true;
    this.offer();
    this.over();
    if (await this.survey.refresh()) this.over();
    await this.survey.keepOffline(this.data.language).catch(() => false);
  }

  /** Take over what stands in the page: at first, and again after the language was changed. */
  dress() {
    this.form = byId("answers");
    if (this.ready) this.offer();
    if (!this.form) return;
    this.form.elements.id.value = this.keeping.names.number;
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("input", (event) => this.changed(event.target));
    this.form.addEventListener("change", (event) => this.changed(event.target));
    this.steps = new Steps(this.data, this.form);
    for (const list of this.form.querySelectorAll("select")) offerFinder(list);
    onVoices(this.data.language, (found) => (byId("speak").hidden = !found));
  }

  /** Show what only the script can do; not before it is known where to begin, so that nothing moves under a finger. */
  offer() {
    for (const tool of document.querySelectorAll("[data-tool]")) tool.hidden = false;
  }

  /** Find out where to begin: with answers that the server shows again, with a draft, or at the start. */
  async begin() {
    if (this.data.again) {
      this.keeping.names.number = this.form.elements.id.value || this.keeping.names.number;
      await this.keeping.own("shared");
      return this.go("review", "replace");
    }
    const draft = await this.keeping.found();
    if (!draft || this.at !== "about") return undefined;
    this.draft = draft;
    if (draft.locked) return this.unlock();
    const other = draft.language !== this.data.language && this.data.languages.includes(draft.language);
    if (other && !location.search) await changeLanguage(this, draft.language);
    return this.go("resume", "replace");
  }

  given() {
    return givenFrom(this.survey.rules, new FormData(this.form));
  }

  /** No new answer is begun after the deadline; one that has been begun may be finished. */
  over() {
    if (!this.form || this.done || this.keeping.whose || this.draft) return;
    const over = !this.survey.begins();
    this.form.hidden = over;
    if (over) show(byId("state"), "over");
    else if (byId("state").dataset.shown === "over") clear(byId("state"));
  }

  /** What was changed in the form is kept, and what can't stand beside it goes. */
  changed(field) {
    if (!field.name) return;
    tidy(this.survey.rules, field);
    if (this.steps.element(this.at)) {
      this.steps.mended(this.at);
      this.labels();
    }
    this.keep();
  }

  keep() {
    if (this.keeping.whose) this.keeping.later({ given: this.given(), at: this.at, language: this.data.language });
  }

  kept(state) {
    const line = byId("kept");
    if (!line || this.done) return;
    const mine = state === "kept";
    const words = this.data.said[mine && this.survey.store.code ? "locked" : state];
    byId("lock").hidden = !mine || Boolean(this.survey.store.code);
    if (line.textContent !== words) put(line, words);
    line.classList.toggle("waits", state === "unkept" || state === "elsewhere");
  }

  /**
   * Go to a screen.
   * @param {string} at
   * @param {string} how  "push": a new entry of the browser's history; "replace"; "": none
   */
  go(at, how = "push") {
    // Browsers write the states of their history to the disk: where somebody was stays in memory.
    const depth = ((history.state && history.state.depth) || 0) + (how === "push" ? 1 : 0);
    if (how) this.trail[depth] = { at, from: this.at };
    this.at = at;
    if (how === "push") history.pushState({ depth }, "");
    if (how === "replace") history.replaceState({ depth }, "");
    this.paint();
    if (how) focusOn(this.heading);
    self.scrollTo(0, 0);
    this.keep();
    this.keeping.now();
  }

  /** Show the screen where we are. */
  paint() {
    hush();
    clear(byId("told"));
    document.title = this.data.title;
    if (this.at === "resume") put(byId("was"), filled(this.data.said.was, { n: this.number(this.draft.at) }));
    if (this.at === "review") this.review();
    this.heading = this.steps.paint(this.at, this.given());
    if (this.steps.element(this.at)) this.labels();
  }

  /** The number that a question had when the draft was left; past the last question: the last. */
  number(at) {
    const asked = this.steps.asked(this.draft.given);
    return asked.includes(at) ? asked.indexOf(at) + 1 : at === "review" ? asked.length : 1;
  }

  labels() {
    const answered = this.steps.answered(this.at);
    const next = byId("next");
    const words = answered ? this.data.said.next : this.data.said.skip;
    // A field that is left tells its change while the button is down: WebKit drops a click whose text is replaced then.
    if (next.textContent !== words) put(next, words);
    next.classList.toggle("quiet", !answered);
  }

  /** The browser's own "back" and "forward". */
  travelled(state) {
    // A page that is being left is empty already.
    if (!this.form || !this.form.isConnected || !state) return;
    // Entries from before the language was changed have the address of another one.
    history.replaceState(state, "", this.address || location.href);
    const wanted = (this.trail[state.depth] || {}).at || "about";
    if (!this.form.hidden) {
      put(byId("erase"));
      aside(false);
    }
    const inside = this.keeping.whose && wanted !== "resume";
    const at = this.survey.rules.questions.some((q) => q.id === wanted) ? this.steps.near(wanted, this.given()) : wanted;
    this.go(inside || at === "about" || at === "safe" ? at : "about", "");
    focusOn(this.heading);
  }

  next() {
    const given = this.given();
    const faults = this.survey.check(given).faults.filter((fault) => fault.question === this.at);
    if (faults.length) return this.steps.mend(this.at, faults.map((f) => faultWords(this.data, f))).focus();
    const screens = this.steps.screens(given);
    const rest = screens.slice(screens.indexOf(this.at) + 1);
    const fresh = this.reviewed && rest.find((id) => id === "review" || !this.reviewed.includes(id));
    return this.go(fresh || rest[0]);
  }

  back() {
    const screens = this.steps.screens(this.given());
    const before = this.reviewed ? "review" : screens[screens.indexOf(this.at) - 1];
    const here = history.state && this.trail[history.state.depth];
    if (here && here.from === before) history.back();
    else this.go(before);
  }

  review() {
    const given = this.given();
    const found = this.survey.check(given);
    this.reviewed = this.steps.asked(given);
    this.steps.paint("review", given);
    listAnswers(byId("review"), this.steps, given, found.gone);
    if (found.faults.length) tellFaults(this, found.faults);
  }

  strip() {
    this.done = true;
    if (this.form) this.form.remove();
    for (const place of ["bar", "steps", "told", "erase", "speak"].map(byId)) if (place) place.hidden = true;
    this.form = null;
  }

  /** No answer stays in the form's fields. */
  wipe() {
    if (this.form) fillIn(this.form, this.survey.rules, {});
    this.keeping.stop();
  }

  /** On a shared phone: warn in the last minute, and take the answers away when it is over. */
  idle(left) {
    const told = byId("told");
    if (this.survey.store.code) {
      // What lies under the words is safe; what stands in the page is not.
      if (left === 0) this.keeping.now().then(() => location.reload());
    } else if (left === null) {
      if (told.dataset.shown === "idle") clear(told);
    } else if (left > 0) show(told, "idle", { focus: false });
    else {
      if (this.tablet) return this.tablet.next();
      this.forget();
      show(told, "gone-idle", { focus: false });
    }
  }

  /** Take the answers out of the page and begin anew. */
  forget() {
    this.wipe();
    this.form.elements.id.value = this.keeping.names.number;
    Object.assign(this, { reviewed: null, draft: null });
    this.go("about", "replace");
  }

  async resume() {
    const draft = this.draft;
    fillIn(this.form, this.survey.rules, draft.given);
    await this.keeping.take(draft);
    // After a lock was opened nothing is shown before it is the right screen.
    this.form.hidden = false;
    this.form.elements.id.value = this.keeping.names.number;
    const screens = this.steps.screens(draft.given);
    this.go(screens.includes(draft.at) ? draft.at : this.steps.near(draft.at, draft.given));
  }

  async restart() {
    await this.survey.dropDraft().catch(() => {});
    this.forget();
    this.over();
  }

  /** Four words for what is kept on this phone; see lock.js. */
  async lock() {
    this.over();
    const part = this.form.hidden ? undefined : await more(this, "lock");
    return part && part.offer();
  }

  /** What was kept lies under four words now, or nothing was kept yet and will be. */
  async locked() {
    // Whoever came back to the question whose phone it is has answered it again.
    if (!this.keeping.whose || this.at === "safe") await this.own("mine");
    else if (await this.keeping.again()) focusOn(this.heading);
    else return this.unlocked();
    return this.keeping.guard();
  }

  unlocked() {
    this.survey.store.code = null;
    return show(byId("told"), "not-locked");
  }

  /** A draft that was locked: nothing else can be done before it is opened or erased. */
  async unlock() {
    this.form.hidden = true;
    const part = await more(this, "lock");
    return part && part.ask();
  }

  opened(body) {
    this.draft = body;
    this.keeping.guard();
    return this.resume();
  }

  /** The same screen after the page has come in another language. */
  again() {
    if (this.survey.rules.questions.some((q) => q.id === this.at)) this.at = this.steps.near(this.at, this.given());
    this.paint();
    if (this.draft && this.draft.locked) return this.unlock();
    if (this.keeping.whose) this.kept(this.keeping.whose === "mine" ? "kept" : "shared");
    focusOn(this.heading);
    this.keep();
    this.over();
  }

  async own(whose) {
    this.over();
    if (this.form.hidden) return;
    await this.keeping.own(whose);
    this.go(this.steps.screens(this.given())[2]);
  }

  click(event) {
    const pressed = event.target.closest("[data-do], [data-go], [name=show], .send button, a.leave, a.skip");
    if (!pressed) return undefined;
    event.preventDefault();
    if (pressed.matches("a.leave")) return getAway(this, pressed.href);
    // An address of its own would be an entry in the browser's history.
    if (pressed.matches("a.skip")) return focusOn(byId("main"));
    if (pressed.dataset.go) return this.go(pressed.dataset.go);
    if (pressed.name !== "show") return pressed.dataset.do ? this.press(pressed.dataset.do) : send(this);
    return pressed.value === this.data.language ? this.enter() : changeLanguage(this, pressed.value);
  }

  press(what) {
    const does = {
      next: () => this.next(),
      back: () => this.back(),
      safe: () => this.go("safe"),
      mine: () => this.own("mine"),
      lock: () => this.lock(),
      shared: () => this.own("shared"),
      resume: () => this.resume(),
      restart: () => this.restart(),
      stay: () => clear(byId("told")),
      speak: () => sayAloud(this),
      ask: () => askToErase(this),
      unask: () => (this.draft && this.draft.locked ? this.unlock() : uncover(this)),
      erase: () => erase(this),
    };
    const part = Object.values(this.parts).find((one) => one.does[what]);
    if (part) return part.does[what]();
    return does[what] ? does[what]() : this.outcome.click(what);
  }

  /** Enter in a field goes on, as the button below does. */
  enter() {
    return this.form && !byId("steps").hidden ? this.next() : undefined;
  }
}
