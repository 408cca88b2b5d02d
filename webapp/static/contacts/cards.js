/**
 * Sign-ups as a person reads them. What strangers wrote goes into the page as text and never as anything else.
 *
 *   openAll(surveys, keys)          opens what the keys open: [{ slug, title, cards: [{ number, value }], closed }]
 *   listAll(place, found, data)     shows them: a heading a survey, a card a sign-up
 *
 * keys: key id → private key, open. value: null where it was changed. closed: names of those who may open the rest.
 */

import { fromBase64 } from "../phone/seal.js";
import { put } from "../phone/view.js";
import { unseal } from "./unseal.js";

const FORMAT = "kryssklick-contact/1";

/** What stands in one sign-up; null: it was changed; undefined: it is sealed to other keys. */
async function open(one, keys) {
  const id = Object.keys(one.seals).find((name) => keys[name]);
  if (!id) return undefined;
  const value = await unseal(keys[id], fromBase64(one.seals[id]), one.number).catch(() => null);
  return value && value.format === FORMAT && value.answers && typeof value.answers === "object" ? value : null;
}

export async function openAll(surveys, keys) {
  const found = [];
  for (const { slug, title, sign_ups: signUps } of surveys) {
    const cards = [];
    const closed = [];
    for (const one of signUps) {
      const value = await open(one, keys);
      if (value === undefined) closed.push(one.others);
      else cards.push({ number: one.number, value });
    }
    found.push({ slug, title, cards, closed });
  }
  return found;
}

const tag = (name, className, text) => Object.assign(document.createElement(name), { className, textContent: text });
const plain = (text) => (typeof text === "string" ? text : "");
/** A text out of a table; "" where there is none of that name, whatever a stranger gave as the name. */
const textOf = (table, name) =>
  typeof name === "string" && Object.prototype.hasOwnProperty.call(table, name) ? plain(table[name]) : "";

/** What was answered to one question, in words. */
function said(question, answers) {
  const what = answers[question.id] || {};
  const texts = what.texts && typeof what.texts === "object" ? what.texts : {};
  const options = Array.isArray(what.options) ? what.options : [];
  const word = (id) => [textOf(question.options, id) || plain(id), textOf(texts, id)].filter(Boolean).join(" ");
  return [...options.map(word), textOf(texts, "")].filter(Boolean).join(", ");
}

/** One sign-up with its button. */
function card(one, slug, data) {
  const place = tag("li", "sign-up", "");
  const { words, questions, languages } = data;
  const [name, ...rest] = questions;
  const answers = one.value ? one.value.answers : {};
  const heading = tag("h3", "", one.value ? said(name, answers) || words.nameless : words.damaged);
  heading.tabIndex = -1;
  place.append(heading);
  if (one.value) {
    const list = tag("dl", "", "");
    for (const question of rest) {
      const answer = said(question, answers);
      list.append(tag("dt", "", question.text), tag("dd", answer ? "" : "soft", answer || words.blank));
    }
    const language = textOf(languages, one.value.language) || plain(one.value.language);
    if (language) list.append(tag("dt", "", words.language), tag("dd", "", language));
    place.append(list);
  } else place.append(document.getElementById("on-damaged").content.cloneNode(true));
  const tools = document.getElementById("on-tools").content.cloneNode(true);
  place.append(tools);
  place.dataset.number = one.number;
  place.dataset.survey = slug;
  return place;
}

/**
 * @param {HTMLElement} place
 * @param {Array<Object>} found  of openAll
 * @param {Object} data  of the page
 */
export function listAll(place, found, data) {
  put(place);
  for (const { slug, title, cards, closed } of found) {
    const list = tag("ul", "sign-ups", "");
    list.setAttribute("role", "list");
    list.append(...cards.map((one) => card(one, slug, data)));
    place.append(tag("h2", "", title), list);
    if (!closed.length) continue;
    const note = document.getElementById("on-others").content.cloneNode(true);
    note.querySelector(".number").textContent = String(closed.length);
    note.querySelector(".names").textContent = [...new Set(closed.flat())].join(", ") || "–";
    place.append(note);
  }
}
