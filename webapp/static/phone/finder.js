/**
 * A long list of places on a small screen: the first letters bring the names that begin so, large enough for a finger.
 *
 *   offerFinder(select)    put a field above the list, where the page has the words for it (template "on-finder")
 *
 * The list stays: it holds the answer, and whoever wants to look through all of it can.
 */

import { byId, made, put } from "./view.js";

/** A list that is shorter than this is looked through faster, options. */
const LONG = 15;
/** Names that are offered at a time. */
const OFFERED = 6;

const plain = (text) => text.trim().toLowerCase();

/** @param {HTMLSelectElement} select */
export function offerFinder(select) {
  if (select.options.length < LONG || !byId("on-finder")) return;
  select.before(made("finder"));
  const place = select.previousElementSibling;
  const [field, list] = [place.querySelector("input"), place.querySelector("ul")];
  const id = `${select.id}-find`;
  field.id = id;
  place.querySelector("label").htmlFor = id;

  const choose = (option) => {
    select.value = option.value;
    field.value = "";
    put(list);
    select.dispatchEvent(new Event("change", { bubbles: true }));
    select.focus();
  };
  const row = (option) => {
    const [item, button] = [document.createElement("li"), document.createElement("button")];
    Object.assign(button, { type: "button", className: "quiet", textContent: option.textContent });
    button.addEventListener("click", () => choose(option));
    item.append(button);
    return item;
  };
  const found = () => {
    const text = plain(field.value);
    const all = text ? Array.from(select.options).filter((option) => option.value) : [];
    const begin = all.filter((option) => plain(option.textContent).startsWith(text));
    const hold = all.filter((option) => !begin.includes(option) && plain(option.textContent).includes(text));
    return [...begin, ...hold].slice(0, OFFERED);
  };
  field.addEventListener("input", () => put(list, ...found().map(row)));
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !field.value) return;
    event.preventDefault();
    if (found().length) choose(found()[0]);
  });
}
