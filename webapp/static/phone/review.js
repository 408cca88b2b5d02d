/**
 * All answers before they are sent: each with its question, changeable, and apart those that the routing takes out.
 *
 *   listAnswers(place, steps, given, gone)   fill the review page; "Change" is a button with data-go="question id"
 *   listFaults(list, steps, faults, words)   fill a summary of what has to be mended, each with such a button
 */

import { inWords } from "./fill.js";
import { filled, put } from "./view.js";

const tag = (name, className = "") => Object.assign(document.createElement(name), { className });

function goTo(id, text, name = text) {
  const button = tag("button", "link");
  button.type = "button";
  button.dataset.go = id;
  button.textContent = text;
  button.setAttribute("aria-label", name);
  return button;
}

const asks = (steps, id) => steps.element(id).querySelector(".q").textContent;

/** One question with its answer. */
function row(steps, id, change) {
  const { said } = steps.data;
  const question = tag("dt");
  question.textContent = asks(steps, id);
  const words = inWords(steps.element(id));
  const answer = tag("dd", words.length ? "" : "soft");
  for (const text of words.length ? words : [said.none]) {
    const line = tag("span", "said");
    line.textContent = text;
    if (!words.length) line.lang = steps.data.ours;
    answer.append(line);
  }
  const button = goTo(id, said.change, `${said.change}: ${question.textContent}`);
  button.lang = steps.data.ours;
  if (change) answer.append(button);
  return [question, answer];
}

/**
 * @param {HTMLElement} place  the review page
 * @param {Steps} steps
 * @param {Object} given
 * @param {string[]} gone  questions whose answers are not sent along
 */
export function listAnswers(place, steps, given, gone) {
  const asked = steps.asked(given);
  const lists = place.querySelector(".lists");
  put(lists);
  for (const section of steps.sections) {
    const own = asked.filter((id) => section.contains(steps.element(id)));
    if (!own.length) continue;
    const heading = tag("h2");
    heading.textContent = section.querySelector("h2").textContent;
    const list = tag("dl", "review");
    list.append(...own.flatMap((id) => row(steps, id, true)));
    lists.append(steps.sections.length > 1 ? heading : "", list);
  }
  const away = place.querySelector(".gone");
  away.hidden = !gone.length;
  put(away.querySelector("dl"), ...gone.flatMap((id) => row(steps, id, false)));
}

/**
 * @param {HTMLElement} list
 * @param {Steps} steps
 * @param {Array<{question: string, code: string, detail: string}>} faults
 */
export function listFaults(list, steps, faults) {
  for (const fault of faults) {
    const item = tag("li");
    item.append(goTo(fault.question, asks(steps, fault.question)), ` ${faultWords(steps.data, fault)}`);
    list.append(item);
  }
}

/** @returns {string}  how to mend it */
export function faultWords(data, fault) {
  const words = (data.words[fault.question] || {})[fault.code] || fault.code;
  return filled(words, { length: fault.detail });
}
