/**
 * What only some need, fetched when they do: a script and its texts in the page's language.
 *
 *   await more(visit, name, language)    the part ("lock", "tablet"), in the page's language unless told otherwise, or
 *                                undefined: neither kept nor reached, and that is told
 *   await onTablet()             whether this device is in tablet mode; see tablet.js
 *   aside(on), cover(visit, template), uncover(visit)    a screen of its own over whatever is shown, and away with it
 *
 * A part is a module that exports `Part`, made with the visit and the kit below: it shares the page's own modules.
 */

import { fetched } from "./leave.js";
import { byId, clear, filled, focusOn, made, put, show } from "./view.js";

/** What steps aside for a screen of its own. */
const OTHERS = ["answers", "closed", "state", "bar", "steps", "queued", "told", "speak"];

/** @returns {Promise<boolean>} */
export function onTablet() {
  return caches.has("kryssklick-tablet").catch(() => false);
}

/** @param {boolean} on */
export function aside(on) {
  for (const name of OTHERS) if (byId(name)) byId(name).classList.toggle("aside", on);
  byId("erase").hidden = !on;
}

/** @returns {HTMLElement}  the place that now shows the template */
export function cover(visit, template) {
  const place = byId("erase");
  put(place, made(template));
  aside(true);
  focusOn(place.querySelector("h1"));
  self.scrollTo(0, 0);
  return place;
}

export function uncover(visit) {
  put(byId("erase"));
  aside(false);
  focusOn(visit.form && !visit.form.hidden ? visit.heading : byId("main"));
}

function tag(name, text) {
  return Object.assign(document.createElement(name), { textContent: text });
}

/**
 * @param {Visit} visit
 * @param {string} name
 * @param {string} language
 * @returns {Promise<Object|undefined>}
 */
export async function more(visit, name, language = visit.data.language) {
  if (visit.parts[name]) return visit.parts[name];
  const { slug } = visit.data;
  // Page and part have to be of one build.
  const build = document.querySelector("script[src^='/phone/']").getAttribute("src").split("/")[2];
  const page = await fetched(`/s/${slug}/more/${name}?lang=${language}&build=${build}`);
  const place = page && page.getElementById(`more-${name}`);
  const module = place && (await import(place.dataset.script).catch(() => undefined));
  if (!module) {
    show(byId("told"), "no-more");
    return undefined;
  }
  document.body.append(place);
  const kit = { place, byId, clear, cover, filled, focusOn, made, put, show, tag, uncover };
  visit.parts[name] = new module.Part(visit, kit);
  return visit.parts[name];
}
