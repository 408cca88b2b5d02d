/**
 * The sign-up page: seals what was written in the browser, sends it, and leaves nothing of it behind.
 *
 * Takes over the form where sealing is possible; elsewhere the form works by itself and is sealed when it arrives.
 * What was written lives in the form's own fields and nowhere else: it is never put into the browser's storage, not
 * even where there is no network, since contact details must not lie on a phone that others use.
 */

import { fillIn, tidy } from "../phone/fill.js";
import { givenFrom } from "../phone/fields.js";
import { leave } from "../phone/leave.js";
import { clean, faults, payload } from "../phone/rules.js";
import { TooLong, canSeal, newNumber } from "../phone/seal.js";
import { byId, clear, filled, focusOn, put, show } from "../phone/view.js";
import { deliver } from "./deliver.js";
import { Idle } from "./idle.js";

const IDLE_MINUTES = 10;
const FORMAT = "kryssklick-contact/1";

/** One person's visit to the sign-up page. */
class SignUp {
  constructor() {
    Object.assign(this, { number: newNumber(), busy: false });
    this.idle = new Idle(IDLE_MINUTES, (left) => this.idled(left));
  }

  start() {
    document.addEventListener("click", (event) => this.click(event));
    // The browser may keep the whole page for "back"; what was written must not come back with it.
    self.addEventListener("pagehide", () => this.wipe());
    this.dress();
    this.idle.start();
  }

  /** Take over what stands in the page: at first, and again after the language was changed. */
  dress() {
    this.data = JSON.parse(byId("data").textContent);
    this.form = byId("sign-up");
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("input", (event) => this.changed(event.target));
    for (const line of document.querySelectorAll("[data-sealed]")) line.hidden = false;
    for (const line of document.querySelectorAll("[data-unsealed]")) line.hidden = true;
  }

  given() {
    return givenFrom(this.data.rules, new FormData(this.form));
  }

  changed(field) {
    tidy(this.data.rules, field);
    const question = field.closest(".question");
    if (question) this.mended(question.id.slice(2));
    this.idle.start();
  }

  wipe() {
    if (this.form) fillIn(this.form, this.data.rules, {});
  }

  click(event) {
    const pressed = event.target.closest("[data-do], [data-go], [name=show], .send button, a.leave, a.skip");
    if (!pressed) return undefined;
    event.preventDefault();
    if (pressed.matches("a.leave")) {
      this.wipe();
      return leave(pressed.href, 0);
    }
    if (pressed.matches("a.skip")) return focusOn(byId("main"));
    if (pressed.dataset.go) return this.go(pressed.dataset.go);
    if (pressed.dataset.do === "stay") return clear(byId("told"));
    // Enter in a field presses the first button, which shows this language again: nothing is to happen.
    if (pressed.name === "show") return pressed.value === this.data.language ? undefined : this.speak(pressed.value);
    return this.send();
  }

  async send() {
    if (this.busy || !this.form) return;
    const given = this.given();
    const wrong = this.wrong(given);
    if (wrong.length) {
      this.tell(wrong);
      return;
    }
    this.busy = true;
    show(byId("told"), "sending");
    const value = { format: FORMAT, language: this.data.language, answers: cleaned(given) };
    const { keys, apart, sealed: address } = this.data;
    // The page said how many can read it, and perhaps that they don't count answers: beyond that the person is asked.
    const agree = (others, areApart) => others.length <= keys.length && (areApart || !apart);
    const came = await deliver({ address, keys, value, number: this.number, agree }).catch((error) => {
      if (error instanceof TooLong) return "too-long";
      throw error;
    });
    const renewed = came === "readers" && (await this.renew(this.data.language));
    this.busy = false;
    if (came === "accepted") this.done();
    else if (came === "readers") show(byId("told"), renewed ? came : "unsent");
    else show(byId("told"), { later: "unsent", unsure: "unsent" }[came] || came);
  }

  /** What has to be mended: the rulebook's faults, and that there is no way to be in touch. */
  wrong(given) {
    const { reach, rules } = this.data;
    const texts = (given[reach] || {}).texts || {};
    return [...(clean(texts[""] || "") ? [] : [{ question: reach, code: "unreachable" }]), ...faults(rules, given)];
  }

  tell(wrong) {
    clear(byId("told"));
    show(byId("told"), "faults");
    const list = byId("told").querySelector("ul");
    for (const { question, code, detail } of wrong) {
      const words = filled((this.data.words[question] || {})[code] || code, { length: detail });
      const item = document.createElement("li");
      const button = Object.assign(document.createElement("button"), { type: "button", className: "link" });
      button.dataset.go = question;
      button.textContent = byId(`q-${question}`).querySelector(".q").textContent;
      item.append(button, ` ${words}`);
      list.append(item);
      this.mend(question, words);
    }
    self.scrollTo(0, 0);
  }

  field(id) {
    return byId(`f-${id}`) || byId(`q-${id}`).querySelector("input");
  }

  go(id) {
    this.field(id).focus();
    byId(`q-${id}`).scrollIntoView({ block: "nearest" });
  }

  /** Say beside a field what is wrong with it. */
  mend(id, words) {
    this.mended(id);
    const line = Object.assign(document.createElement("p"), { className: "mend", id: `w-${id}`, textContent: words });
    byId(`q-${id}`).classList.add("wrong");
    byId(`q-${id}`).querySelector(".field, .rows").before(line);
    const field = this.field(id);
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", `w-${id} ${field.getAttribute("aria-describedby") || ""}`.trim());
  }

  mended(id) {
    const line = byId(`w-${id}`);
    if (!line) return;
    line.remove();
    byId(`q-${id}`).classList.remove("wrong");
    const field = this.field(id);
    const others = (field.getAttribute("aria-describedby") || "").split(" ").filter((one) => one !== `w-${id}`);
    field.removeAttribute("aria-invalid");
    if (others.join("")) field.setAttribute("aria-describedby", others.join(" "));
    else field.removeAttribute("aria-describedby");
  }

  /** It has arrived: nothing of it stays in the page, and a reload does not show a blank form either. */
  done() {
    this.wipe();
    this.idle.stop();
    clear(byId("told"));
    this.form.remove();
    this.form = null;
    history.replaceState(null, "", this.data.sent);
    show(byId("state"), "sent");
    document.title = byId("state").querySelector("h1").textContent;
    self.scrollTo(0, 0);
  }

  /** Put the page in another language in the place of this one. */
  async speak(language) {
    if (await this.renew(language)) focusOn(document.querySelector("h1"));
    else if (this.form) show(byId("told"), "no-language");
  }

  /** Put the page as it is now in the place of this one, with what was written; false: it is not to be had. */
  async renew(language) {
    const page = await fetch(`?lang=${encodeURIComponent(language)}`, { credentials: "omit", cache: "no-store" })
      .then((answer) => (answer.ok ? answer.text() : ""))
      .catch(() => "");
    const other = new DOMParser().parseFromString(page, "text/html");
    if (!other.getElementById("sign-up") || !this.form) return false;
    const given = this.given();
    const { lang, dir } = other.documentElement;
    Object.assign(document.documentElement, { lang, dir });
    document.title = other.title;
    put(document.body, ...Array.from(other.body.childNodes));
    history.replaceState(null, "", `?lang=${encodeURIComponent(language)}`);
    this.dress();
    fillIn(this.form, this.data.rules, given);
    return true;
  }

  idled(left) {
    const told = byId("told");
    if (!this.form || this.busy) return;
    if (left === 0) {
      this.wipe();
      show(told, "gone-idle", { focus: false });
      this.number = newNumber();
    } else if (left === null) {
      if (told.dataset.shown === "idle") clear(told);
    } else if (Object.keys(payload(this.given())).length) show(told, "idle", { focus: false });
  }
}

/** What is sealed: without control signs, which would only take room. */
function cleaned(given) {
  const kept = payload(given);
  for (const what of Object.values(kept)) {
    for (const [field, text] of Object.entries(what.texts)) what.texts[field] = clean(text);
  }
  return kept;
}

if (byId("sign-up") && canSeal()) new SignUp().start();
