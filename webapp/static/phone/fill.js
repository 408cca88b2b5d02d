/**
 * The form's fields: answers into them, rules that hold while a person taps, answers in words out of them.
 *
 *   fillIn(form, rules, given)        show given answers in a form; what the form does not have is left out
 *   tidy(rules, field)                after a tap or a letter: what can't stand beside it goes, "other" follows its words
 *   inWords(question element)         what is answered there, as a person reads it: a list of texts
 */

import { strip } from "./rules.js";

const partsOf = (name) => {
  const [kind, id, ...rest] = (name || "").split(".");
  return { kind, id, option: rest.join(".") };
};

/**
 * @param {HTMLFormElement} form
 * @param {Object} rules
 * @param {Object} given  as rules.js takes it
 */
export function fillIn(form, rules, given) {
  const places = rules.questions.filter((q) => q.kind === "place").map((q) => q.id);
  for (const field of form.elements) {
    const { kind, id, option } = partsOf(field.name);
    const { options = [], texts = {} } = given[id] || {};
    if (kind === "a") field.checked = Boolean(field.value) && options.includes(field.value);
    if (kind !== "t") continue;
    const way = places.includes(id) && !option && options.length ? `=${options[0]}` : "";
    field.value = way || texts[option] || "";
  }
}

/**
 * Keep exclusive options apart, and let "other" be chosen where somebody writes beside it.
 * @param {Object} rules
 * @param {HTMLInputElement} field  that was changed
 */
export function tidy(rules, field) {
  const { kind, id, option } = partsOf(field.name);
  const question = rules.questions.find((q) => q.id === id);
  if (!question || !field.form) return;
  const boxes = Array.from(field.form.elements).filter((e) => e.name === `a.${id}` && e.value);
  if (kind === "t" && option && strip(field.value)) {
    const other = boxes.find((box) => box.value === option);
    if (other && !other.checked) {
      other.checked = true;
      tidy(rules, other);
    }
  }
  const alone = question.exclusive || [];
  if (kind !== "a" || question.kind !== "multiple" || !field.checked) return;
  for (const box of boxes) {
    if (box !== field && (alone.includes(field.value) || alone.includes(box.value))) box.checked = false;
  }
}

/**
 * @param {Element} question  the element of one question
 * @returns {string[]}  labels of what was chosen, and what was written
 */
export function inWords(question) {
  const said = [];
  for (const field of question.querySelectorAll("input, select, textarea")) {
    if (field.type === "radio" || field.type === "checkbox") {
      if (field.checked && field.value) said.push(field.labels[0].textContent.trim());
    } else if (field.tagName === "SELECT") {
      if (field.value) said.push(field.selectedOptions[0].textContent.trim());
    } else if (strip(field.value)) said.push(strip(field.value));
  }
  return said;
}
