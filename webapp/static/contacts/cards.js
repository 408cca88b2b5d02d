/**
 * Sign-ups as a person reads them. What strangers wrote goes into the page as text and never as anything else.
 *
 *   openAll(surveys, keys)          opens what the keys open: [{ slug, title, cards: [{ number, value }], damaged,
 *                                   readers, closed }]
 *   listAll(place, found, data)     shows them: a heading a survey, a card a sign-up, one note for all that is damaged
 *
 * keys: key id → private key, open. damaged: numbers of those that are sealed to one of the keys and hold nothing that
 * can be read; readers: names of all to whom these are sealed. closed: for each that is sealed to others alone, their
 * names.
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
    const [cards, damaged, readers, closed] = [[], [], new Set(), []];
    for (const one of signUps) {
      const value = await open(one, keys);
      if (value === undefined) closed.push(one.readers);
      else if (value) cards.push({ number: one.number, value });
      else {
        damaged.push(one.number);
        one.readers.forEach((name) => readers.add(name));
      }
    }
    found.push({ slug, title, cards, damaged, readers: [...readers].sort(), closed });
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

const copied = (id) => document.getElementById(id).content.cloneNode(true);

/** One sign-up with its button. */
function card(one, slug, data) {
  const place = tag("li", "sign-up", "");
  const { words, questions, languages } = data;
  const [name, ...rest] = questions;
  const { answers } = one.value;
  const heading = tag("h3", "", said(name, answers) || words.nameless);
  heading.tabIndex = -1;
  const list = tag("dl", "", "");
  for (const question of rest) {
    const answer = said(question, answers);
    list.append(tag("dt", "", question.text), tag("dd", answer ? "" : "soft", answer || words.blank));
  }
  const language = textOf(languages, one.value.language) || plain(one.value.language);
  if (language) list.append(tag("dt", "", words.language), tag("dd", "", language));
  place.append(heading, list, copied("on-tools"));
  Object.assign(place.dataset, { numbers: one.number, survey: slug });
  return place;
}

/** All of a survey that can't be opened, with one button: a stranger may have sent thousands of them. */
function damagedNote({ slug, damaged, readers }, user) {
  const place = tag("div", "damaged note waits", "");
  place.append(copied("on-damaged"));
  for (const number of place.querySelectorAll(".number")) number.textContent = String(damaged.length);
  const others = readers.filter((name) => name !== user);
  place.querySelector(".others").hidden = !others.length;
  place.querySelector(".names").textContent = others.join(", ");
  Object.assign(place.dataset, { numbers: damaged.join(""), survey: slug });
  return place;
}

/**
 * @param {HTMLElement} place
 * @param {Array<Object>} found  of openAll
 * @param {Object} data  of the page
 */
export function listAll(place, found, data) {
  put(place);
  for (const survey of found) {
    const { slug, title, cards, damaged, closed } = survey;
    // All that belongs to a survey goes with the last of it.
    const part = tag("section", "flow", "");
    const list = tag("ul", "sign-ups", "");
    list.setAttribute("role", "list");
    list.append(...cards.map((one) => card(one, slug, data)));
    part.append(tag("h2", "", title));
    if (cards.length) part.append(list);
    if (damaged.length) part.append(damagedNote(survey, data.user));
    if (closed.length) {
      const note = copied("on-others");
      note.querySelector(".number").textContent = String(closed.length);
      note.querySelector(".names").textContent = [...new Set(closed.flat())].join(", ") || "–";
      part.append(note);
    }
    place.append(part);
  }
}
