/**
 * Takes over the long page where answers can be sealed and kept: Send then checks, seals, queues and tells what becomes
 * of the answer. Everything it shows stands ready in the page, in the page's language, as templates.
 *
 * Where anything it needs is missing it leaves the page as it is: an ordinary form that the server takes.
 */

import { givenFrom } from "./fields.js";
import { canSeal, TooLong } from "./seal.js";
import { openSurvey } from "./survey.js";

const byId = (id) => document.getElementById(id);

/** One of the page's templates, ready to be shown. */
function made(name) {
  return byId(`on-${name}`).content.cloneNode(true);
}

/** Show one of the templates in a place of the page, and let the keyboard and the screen reader follow. */
function show(place, name, { focus = true } = {}) {
  place.dataset.shown = name;
  place.replaceChildren ? place.replaceChildren(made(name)) : ((place.textContent = ""), place.append(made(name)));
  place.hidden = false;
  const heading = place.querySelector("h1, h2");
  if (focus && heading) {
    heading.tabIndex = -1;
    heading.focus();
  }
}

/** The page of one survey, taken over. */
class TakenOver {
  constructor(data) {
    this.data = data;
    this.form = byId("answers");
    this.state = byId("state");
    this.told = byId("told");
    this.number = null;
    this.left = "";
    this.survey = openSurvey(data, { onchange: () => this.follow() });
    if (this.form) this.begin();
    document.addEventListener("click", (event) => this.click(event));
    this.follow();
    this.look();
  }

  begin() {
    this.names = this.survey.newForm();
    const field = this.form.elements.id;
    // A page that shows answers again goes on with the number that they were sent under.
    if (this.data.again && field.value) this.names.number = field.value;
    // Should the page have to send by itself after all, the server sees that it is the same answer.
    field.value = this.names.number;
    this.form.addEventListener("submit", (event) => this.submit(event));
    this.form.addEventListener("input", () => (this.begun = true), { once: true });
  }

  /** Keep the survey for use without network, and see whether it still takes answers. */
  async look() {
    this.over();
    if (await this.survey.refresh()) this.over();
    await this.survey.keepOffline(this.data.language).catch(() => false);
  }

  /** No new answer is begun after the deadline; one that has been begun may be finished. */
  over() {
    if (!this.form || this.number || this.begun || this.data.again) return;
    const over = !this.survey.begins();
    if (over && this.state.dataset.shown !== "over") show(this.state, "over");
    if (!over) this.state.hidden = true;
    this.form.hidden = over;
  }

  async submit(event) {
    const button = event.submitter;
    if (button && button.name === "show" && button.value !== this.data.language) return;
    event.preventDefault();
    if (this.number || (button && button.name === "show")) return;
    const given = givenFrom(this.survey.rules, new FormData(this.form));
    const found = this.survey.check(given);
    if (found.faults.length) this.mend(found.faults);
    else if (found.gone.length && this.left !== found.gone.join()) this.leave(found.gone);
    else if (found.empty) show(this.told, "empty");
    else await this.freeze(given);
  }

  /** Tell what has to be mended, with a link to each place. */
  mend(faults) {
    show(this.told, "faults");
    const list = this.told.querySelector("ul");
    for (const fault of faults) {
      const words = (this.data.words[fault.question] || {})[fault.code] || fault.code;
      this.list(list, fault.question, words.replace("{length}", fault.detail));
    }
  }

  /** Tell which answers the routing takes out; a second Send leaves them out. */
  leave(gone) {
    this.left = gone.join();
    show(this.told, "gone");
    for (const id of gone) this.list(this.told.querySelector("ul"), id, "");
  }

  list(list, id, words) {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = `#q-${id}`;
    link.textContent = byId(`q-${id}`).querySelector("legend, .asks").textContent;
    item.append(link, words ? `: ${words}` : "");
    list.append(item);
  }

  async freeze(given) {
    this.number = this.names.number;
    try {
      await this.survey.freeze(this.names, given, this.data.language);
    } catch (error) {
      this.number = null;
      if (error instanceof TooLong) show(this.told, "too-long");
      // The storage is full or forbidden: then the server seals the answer when it arrives.
      else this.form.submit();
      return;
    }
    // Nothing of the answer stays in the page: not for who takes the phone next, not for the browser to restore.
    this.form.remove();
    this.told.hidden = true;
    await this.follow();
  }

  /** Show what has become of the answer of this page, and of earlier ones. */
  async follow() {
    const states = await this.survey.states().catch(() => []);
    if (this.number) {
      const own = states.find((entry) => entry.number === this.number);
      this.tell(!own ? "sent" : own.state === "waiting" && !own.tries ? "sending" : own.state);
    }
    const others = states.filter((entry) => entry.number !== this.number);
    const queued = byId("queued");
    const name = others.some((e) => e.state === "closed") ? "earlier-closed" : "earlier";
    if (!others.length) queued.hidden = true;
    else if (queued.hidden || queued.dataset.shown !== name) show(queued, name, { focus: false });
  }

  tell(name) {
    if (this.state.dataset.shown === name) return;
    show(this.state, name);
    // What was told needs no place on the phone any more.
    if (name === "closed") this.survey.forget(this.number).catch(() => {});
    if (name === "closed") this.number = null;
  }

  async click(event) {
    const button = event.target.closest("[data-do]");
    if (!button) return;
    if (button.dataset.do === "send") await this.survey.sendNow();
    if (button.dataset.do === "forget") {
      for (const entry of await this.survey.states()) await this.survey.forget(entry.number);
    }
    await this.follow();
  }
}

const data = byId("phone");
if (data && canSeal() && self.indexedDB) new TakenOver(JSON.parse(data.textContent));
