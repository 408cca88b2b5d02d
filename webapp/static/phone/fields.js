/**
 * The fields of the page's form as answers, as webapp/views/posted.py reads them. Touches no page.
 *
 *   givenFrom(rules, entries)   entries: pairs of name and value, such as a FormData gives
 */

import { strip } from "./rules.js";

/** Starts the name of a field that holds option ids. */
const CHOSEN = "a.";
/** Starts the name of a field that holds own words, digits or a place code. */
const WRITTEN = "t.";
/** Starts the value of an option in a list of places. */
const WAY_OUT = "=";

/**
 * What was chosen and written. Nothing is judged; names that are not answers are left alone.
 * @param {Object} rules
 * @param {Iterable<[string, string]>} entries
 * @returns {Object}  given, as rules.js takes it
 */
export function givenFrom(rules, entries) {
  const places = rules.questions.filter((q) => q.kind === "place").map((q) => q.id);
  const given = {};
  const at = (id) => given[id] || (given[id] = { options: [], texts: {} });
  for (const [name, value] of entries) {
    if (name.startsWith(CHOSEN) && value) at(name.slice(CHOSEN.length)).options.push(value);
    if (!name.startsWith(WRITTEN) || !strip(value)) continue;
    const [id, ...rest] = name.slice(WRITTEN.length).split(".");
    const option = rest.join(".");
    if (places.includes(id) && !option && value.startsWith(WAY_OUT)) at(id).options.push(value.slice(WAY_OUT.length));
    else at(id).texts[option] = value.replace(/\r\n/g, "\n");
  }
  return given;
}
