/**
 * One question at a time, out of the long page that the server sent: what is hidden, what is shown, where one is.
 *
 *   const steps = new Steps(data, form)
 *   steps.screens(given)          "about", "safe", a question id for each question asked, "review"
 *   steps.near(at, given)         that screen, or the nearest one before it that can be shown now
 *   steps.paint(at, given)        show one screen and nothing else of the form; returns its heading
 *   steps.mend(id, words)         tell beside a question what has to be mended; steps.mended(id) takes it back
 *   steps.element(id)
 *
 * Sends nothing, keeps nothing, moves no focus.
 */

import { met, route, wordingOf } from "./rules.js";
import { inWords } from "./fill.js";
import { byId, filled, put } from "./view.js";

const OUTER = ["about", "safe", "resume", "review", "erase"];

/** The screens of one form. */
export class Steps {
  constructor(data, form) {
    Object.assign(this, { data, form, rules: data.rules });
    this.sections = Array.from(form.querySelectorAll(".section"));
    this.notes = Array.from(form.querySelectorAll(".support"));
    document.documentElement.classList.add("one");
  }

  element(id) {
    return byId(`q-${id}`);
  }

  asked(given) {
    return Object.values(route(this.rules, given)).filter((a) => a.asked && this.element(a.question)).map((a) => a.question);
  }

  /** @returns {string[]} */
  screens(given) {
    return ["about", "safe", ...this.asked(given), "review"];
  }

  /** A question may have gone by routing, or with a new version of the survey. */
  near(at, given) {
    const screens = this.screens(given);
    if (screens.includes(at)) return at;
    const order = this.rules.questions.map((q) => q.id);
    const before = screens.filter((id) => order.includes(id) && order.indexOf(id) < order.indexOf(at));
    return before.length ? before[before.length - 1] : screens[2] || "about";
  }

  /** @returns {HTMLElement} */
  paint(at, given) {
    const routed = route(this.rules, given);
    const asked = this.asked(given);
    for (const name of OUTER) byId(name).hidden = name !== at;
    byId("end").hidden = at !== "review";
    const question = asked.includes(at) ? this.element(at) : null;
    byId("bar").hidden = byId("steps").hidden = !question;
    for (const note of this.notes) note.hidden = true;
    for (const section of this.sections) this.section(section, question, asked);
    for (const one of this.rules.questions) this.wording(one, routed);
    if (!question) return this.outer(byId(at).querySelector("h1, h2"));
    this.bar(at, asked, question);
    this.reminder(at, asked, routed);
    if (this.stirs(at, asked)) {
      question.before(this.notes[0]);
      this.notes[0].hidden = false;
    }
    return question.querySelector(".q");
  }

  /** Each screen has one heading of the first level. */
  outer(heading) {
    heading.setAttribute("aria-level", "1");
    return heading;
  }

  /** The first of a run of questions that stir things up has words of care before it, whichever of them is asked. */
  stirs(at, asked) {
    const sensitive = this.data.sensitive;
    const before = asked[asked.indexOf(at) - 1];
    return sensitive.includes(at) && !sensitive.includes(before) && this.notes.length > 0;
  }

  section(section, question, asked) {
    section.hidden = !section.contains(question);
    if (section.hidden) return;
    const own = Array.from(section.querySelectorAll(".question"));
    for (const one of own) one.hidden = one !== question;
    const first = own.find((one) => asked.includes(one.id.slice(2))) === question;
    for (const text of section.querySelectorAll(":scope > p")) text.hidden = !first || text.classList.contains("part");
  }

  wording(question, routed) {
    const texts = this.data.wordings[question.id];
    if (texts) this.element(question.id).querySelector(".q").textContent = texts[wordingOf(question, routed)];
  }

  bar(at, asked, question) {
    const n = asked.indexOf(at) + 1;
    const line = byId("line");
    line.max = asked.length;
    line.value = n;
    const title = question.closest(".section").querySelector("h2");
    put(byId("place"), filled(this.data.said.place, { n, all: asked.length }));
    put(byId("part"), this.sections.length > 1 ? title.textContent : "");
    const heading = question.querySelector(".q");
    heading.setAttribute("role", "heading");
    heading.setAttribute("aria-level", "1");
    heading.setAttribute("aria-describedby", "place");
    document.title = `${filled(this.data.said.place, { n, all: asked.length })} – ${this.data.title}`;
  }

  /** "Answer only if …" is of use only where the question that decides was left blank. */
  reminder(at, asked, routed) {
    const line = this.element(at).querySelector(".only-if");
    if (!line) return;
    const question = this.rules.questions.find((q) => q.id === at);
    line.hidden = !question.asked_if || met(question.asked_if, routed) === true;
    const numbers = Object.fromEntries(asked.map((id, n) => [id, n + 1]));
    line.textContent = filled(this.data.reminders[at] || "", numbers);
  }

  /** @returns {boolean} */
  answered(id) {
    return inWords(this.element(id)).length > 0;
  }

  /**
   * @param {string} id
   * @param {string[]} words
   * @returns {HTMLElement}  what the person has to go to
   */
  mend(id, words) {
    this.mended(id);
    const question = this.element(id);
    const told = document.createElement("p");
    told.className = "mend";
    told.lang = this.data.ours;
    told.id = `w-${id}`;
    told.textContent = `${this.data.said.mend} ${words.join(" ")}`;
    const field = byId(`f-${id}`) || question;
    (question.querySelector(".field, .points, .rows") || question.lastElementChild).before(told);
    question.classList.add("wrong");
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", `w-${id} ${field.getAttribute("aria-describedby") || ""}`.trim());
    return field === question ? question.querySelector("input") : field;
  }

  mended(id) {
    const told = byId(`w-${id}`);
    if (!told) return;
    told.remove();
    this.element(id).classList.remove("wrong");
    const field = byId(`f-${id}`) || this.element(id);
    field.removeAttribute("aria-invalid");
    const others = (field.getAttribute("aria-describedby") || "").split(" ").filter((one) => one !== `w-${id}`);
    if (others.join("")) field.setAttribute("aria-describedby", others.join(" "));
    else field.removeAttribute("aria-describedby");
  }
}
