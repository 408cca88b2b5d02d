/**
 * Ways out: to another page at once, and to a phone on which nothing is left.
 *
 *   leave(address, depth)   go to a neutral page so that "back" does not lead here; depth: entries of this form behind us
 *   pageIn(slug, language)  the survey's page in another language, from what this phone keeps or from the network
 *   fetched(address)        any page of ours, likewise: a document, or null
 *
 * What leave() can't hide: the browser's list of visited pages, and what somebody saw.
 */

/** Leads on to the neutral page; what "back" then finds is this and not the survey. */
const AWAY = "/away";
/** Go even if the browser does not tell that it has gone back, ms. */
const PATIENCE_MS = 250;

/**
 * @param {string} address  of the neutral page
 * @param {number} depth
 */
export function leave(address, depth) {
  document.title = "";
  document.body.textContent = "";
  let gone = false;
  const go = () => {
    if (gone) return;
    gone = true;
    history.replaceState(null, "", AWAY);
    // A new entry cuts off those ahead of us; it is then the one that the neutral page takes.
    history.pushState(null, "", AWAY);
    location.replace(address);
  };
  if (!depth) return go();
  self.addEventListener("popstate", go, { once: true });
  setTimeout(go, PATIENCE_MS);
  history.go(-depth);
  return undefined;
}

/**
 * @param {string} slug
 * @param {string} language
 * @returns {Promise<?Document>}  null: neither kept nor reached
 */
export function pageIn(slug, language) {
  return fetched(`/s/${slug}/page?lang=${encodeURIComponent(language)}`);
}

/** @returns {Promise<?Document>}  null: neither kept nor reached */
export async function fetched(address) {
  const kept = self.caches ? await caches.match(address, { ignoreVary: true }).catch(() => undefined) : undefined;
  const page = kept || (await fetch(address, { credentials: "omit" }).catch(() => undefined));
  return page && page.ok ? new DOMParser().parseFromString(await page.text(), "text/html") : null;
}
