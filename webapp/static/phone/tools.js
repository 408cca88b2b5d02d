/**
 * What can be done on every screen: erase everything, leave at once, change the language, have it read aloud.
 *
 *   askToErase(visit), erase(visit)
 *   getAway(visit, address)
 *   changeLanguage(visit, tag)
 *   sayAloud(visit)
 *
 * visit: see visit.js.
 */

import { fillIn } from "./fill.js";
import { leave, pageIn } from "./leave.js";
import { aside, cover, more } from "./more.js";
import { hush, readable, speak } from "./speak.js";
import { eraseAll } from "./survey.js";
import { byId, clear, put, show } from "./view.js";

/** Ask once, and tell of answers that would never arrive. */
export async function askToErase(visit) {
  const unsent = await visit.outcome.waiting();
  cover(visit, "erase").querySelector(".unsent").hidden = !unsent;
}

/** Take everything off this phone: what is in the page, drafts, sealed answers, kept pages. */
export async function erase(visit) {
  visit.wipe();
  visit.strip();
  visit.outcome.number = null;
  aside(false);
  if (byId("closed")) byId("closed").hidden = true;
  const done = await eraseAll().then(
    () => true,
    () => false,
  );
  clear(byId("queued"));
  show(byId("state"), done ? "erased" : "not-erased");
}

/** Go to a neutral page at once. A draft of one's own stays for another day; what is in the page alone goes with it. */
export function getAway(visit, address) {
  visit.keeping.now();
  visit.wipe();
  leave(address, (history.state && history.state.depth) || 0);
}

/** Put the page in another language in the place of this one; answers, screen and draft stay. */
export async function changeLanguage(visit, tag) {
  const page = await pageIn(visit.data.slug, tag);
  const { parts, tablet } = visit;
  // On a tablet the page is never seen without what makes it one for whoever holds it.
  visit.parts = {};
  const part = page && tablet && (await more(visit, "tablet", tag));
  if (!page || !page.getElementById("phone") || (tablet && !part)) {
    visit.parts = parts;
    show(byId("told"), "no-language");
    return;
  }
  // Nothing is under way any more: an ordinary page in the other language will do.
  if (visit.done && !visit.outcome.number) {
    location.assign(`?lang=${encodeURIComponent(tag)}`);
    return;
  }
  const given = visit.form ? visit.given() : {};
  const { lang, dir } = page.documentElement;
  Object.assign(document.documentElement, { lang, dir });
  put(document.body, ...Array.from(page.body.childNodes));
  visit.data = JSON.parse(byId("phone").textContent);
  Object.assign(visit.survey, { data: visit.data, rules: visit.data.rules });
  visit.address = `?lang=${encodeURIComponent(tag)}`;
  history.replaceState(history.state, "", visit.address);
  if (visit.done) byId("answers").remove();
  visit.dress();
  if (part) {
    document.body.append(part.kit.place);
    visit.tablet = Object.assign(part, { state: tablet.state });
    part.dress();
  }
  visit.outcome.follow();
  if (!visit.form) return;
  fillIn(visit.form, visit.survey.rules, given);
  visit.again();
}

/** Read the screen aloud, or stop. */
export function sayAloud(visit) {
  const button = byId("speak");
  const on = button.getAttribute("aria-pressed") !== "true";
  hush();
  button.setAttribute("aria-pressed", String(on));
  const shown = visit.form ? [byId("part"), visit.form] : [byId("state")];
  if (on) speak(readable(shown), visit.data.language, () => button.setAttribute("aria-pressed", "false"));
}
