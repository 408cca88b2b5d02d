/**
 * Small helpers for what is seen: templates that stand ready in the page, in its language, and where the focus goes.
 *
 *   byId(id)
 *   made(name)                 a copy of the template "on-name"
 *   show(place, name)          put such a copy into a place of the page and move the focus to its heading
 *   put(place, content)        replace what stands in a place
 *   focusOn(heading)           let the keyboard and the screen reader follow
 *   filled(text, values)       "Question {n} of {all}" with its values
 */

export const byId = (id) => document.getElementById(id);

/**
 * @param {string} name  of a template of the page, without "on-"
 * @returns {DocumentFragment}
 */
export function made(name) {
  return byId(`on-${name}`).content.cloneNode(true);
}

/**
 * @param {Element} place
 * @param {...(Node|string)} content
 */
export function put(place, ...content) {
  place.textContent = "";
  place.append(...content);
}

/** @param {HTMLElement} heading  not reached by Tab otherwise */
export function focusOn(heading) {
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

/**
 * Show a template in a place. What is shown there already stays as it is, so that nothing is told twice.
 * @param {HTMLElement} place
 * @param {string} name
 * @param {{focus: boolean}} how
 */
export function show(place, name, { focus = true } = {}) {
  if (place.dataset.shown === name && !place.hidden) return;
  place.dataset.shown = name;
  put(place, made(name));
  place.hidden = false;
  const heading = place.querySelector("h1, h2");
  if (focus && heading) {
    focusOn(heading);
    place.scrollIntoView({ block: "nearest" });
  }
}

/** @param {HTMLElement} place  of the page, to be empty and unseen */
export function clear(place) {
  place.hidden = true;
  place.textContent = "";
  delete place.dataset.shown;
}

/**
 * @param {string} text  with names in braces
 * @param {Object} values
 * @returns {string}
 */
export function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (all, name) => (name in values ? values[name] : all));
}
