/**
 * The service worker: opens surveys without network, and sends what waits when the browser wakes it.
 *
 * The server serves all modules as one plain script (webapp/phonefiles.py), and in a worker this one starts: older
 * browsers take no modules there. Its address is /s/worker.js and its scope /s/. Each survey has a cache of its own for
 * each version of its pages and files; a cache is used only when it is complete and every file in it is what the
 * server's list says by its hash. A new one is built beside the old one, which goes only then, and nothing that is there
 * is written over: neither an update nor a browser that is killed midway makes a survey unavailable.
 *
 * Messages from a page, answered with true or false on the port that comes along:
 *   { what: "keep", slug, language, source, list }   cache this language and all it needs. source is the page as the
 *                                browser writes it, which saves loading it again where it is what the list says; list
 *                                is the server's list where the page has just asked for it
 *   { what: "languages", slug }        add the other languages to that cache
 *   { what: "more", slug, language, name }   add what only some need, by its name: see more.js
 */

import { CHANNEL, Sender } from "./send.js";
import { openStore } from "./store.js";

const PREFIX = "kryssklick ";
/** What a cache holds; each time under an address of its own, so that a browser that is killed keeps the one before. */
const KEPT = "/s/kept.json";
const ANY = { ignoreSearch: true };
const PAGE = /^\/s\/([a-z][a-z0-9-]{1,39})(\/sign-up|\/tablet)?$/;
const FILE = /^\/(phone|static)\//;

const nameOf = (slug, version) => `${PREFIX}${slug} ${version}`;
const asks = { credentials: "omit", redirect: "error" };

async function hashOf(buffer) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", buffer));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The newest complete cache of a survey: { cache, name, list } or undefined. */
async function current(slug) {
  let found;
  for (const name of await caches.keys()) {
    if (!name.startsWith(`${PREFIX}${slug} `)) continue;
    const cache = await caches.open(name);
    for (const kept of await cache.matchAll(KEPT, ANY)) {
      const list = await kept.json();
      if (!found || list.at > found.list.at) found = { cache, name, list };
    }
  }
  return found;
}

/** Put a file into a cache, after a look at its hash; a browser's own cache may be used if what it has is right. */
async function put(cache, file) {
  if (await cache.match(file.url)) return;
  for (const how of ["default", "reload"]) {
    const answer = await fetch(file.url, { ...asks, cache: how });
    if (answer.ok && (await hashOf(await answer.clone().arrayBuffer())) === file.sha256) {
      await cache.put(file.url, answer);
      return;
    }
  }
  throw new Error(`${file.url} is not what the list says`);
}

/** Put a page into a cache that the browser has loaded and written out again, if that is what the list says. */
async function putLoaded(cache, list, source) {
  const bytes = new TextEncoder().encode(source);
  const hash = await hashOf(bytes.buffer);
  for (const page of Object.values(list.pages)) {
    // Never over what is there: a browser that is killed in between would have neither.
    if (page.sha256 === hash && !(await cache.match(page.url))) {
      await cache.put(page.url, new Response(bytes, { headers: list.headers }));
    }
  }
}

/** What the server offers to keep of a survey, or of a part of it that only some need: see webapp/views/phone.py. */
async function listOf(slug, part) {
  const answer = await fetch(`/s/${slug}/${part ? `more/${part}/` : ""}offline.json`, { ...asks, cache: "no-store" });
  const list = await answer.json();
  if (list.format !== "kryssklick-offline/1") throw new Error("not the list of a survey");
  return list;
}

let turn = Promise.resolve();

/** Bring the cache of a survey up to date, one after the other: none may forget what another has just kept. */
function keep(...wanted) {
  const mine = turn.then(() => bring(...wanted));
  turn = mine.catch(() => {});
  return mine;
}

/**
 * Bring the cache of a survey up to date, alone.
 * @param {string} slug
 * @param {string[]} languages  wanted beside those that are kept already; ["*"]: all
 * @param {{source: string, list: Object, name: string}} given  a page and the list, where they are loaded already; the
 *   name of a part that is wanted too
 */
async function bring(slug, languages, { source, list: given, name: part } = {}) {
  const list = given || (await listOf(slug));
  const old = await current(slug);
  if (!old && !list.begins) return false;
  const all = Object.keys(list.pages);
  const before = old ? old.list.languages : [];
  const wanted = all.filter((tag) => languages.includes("*") || languages.includes(tag) || before.includes(tag));
  const name = nameOf(slug, list.version);
  const parts = [...new Set([...((old && old.list.parts) || []), ...(part ? [part] : [])])];
  const lists = [list, ...(await Promise.all(parts.map((one) => listOf(slug, one))))];
  const cache = await caches.open(name);
  if (source) await putLoaded(cache, list, source);
  for (const { files, pages } of lists) {
    for (const file of [...files, ...wanted.map((tag) => pages[tag])]) await put(cache, file);
  }
  const past = await cache.keys(KEPT, ANY);
  // Newer than the one before even where the phone's clock was put back.
  const at = Math.max(Date.now(), old ? old.list.at + 1 : 0);
  await cache.put(`${KEPT}?${at}`, new Response(JSON.stringify({ ...list, languages: wanted, parts, at })));
  for (const one of past) await cache.delete(one);
  for (const other of await caches.keys()) {
    if (other.startsWith(`${PREFIX}${slug} `) && other !== name) await caches.delete(other);
  }
  return true;
}

/** A page of a survey out of its cache, in a language or else in the one that it starts with; undefined: not kept. */
async function keptPage(slug, language, exactly) {
  const found = await current(slug);
  if (!found) return undefined;
  const { pages, start, languages } = found.list;
  const tags = exactly ? [pages[language] ? language : start] : [language, start, ...languages];
  for (const tag of tags) {
    const page = pages[tag] && (await found.cache.match(pages[tag].url));
    if (page) return page;
  }
  return undefined;
}

/**
 * A page of a survey; another page of it, which needs a network, where there is one. Elsewhere the survey tells why not:
 * see visit.js.
 */
async function answerPage(event, [, slug, other], { search, searchParams }) {
  const language = searchParams.get("lang") || "";
  const page = !other && (await keptPage(slug, language, true));
  if (page) {
    event.waitUntil(keep(slug, [language]).catch(() => {}));
    return page;
  }
  try {
    return await fetch(event.request);
  } catch (error) {
    const kept = await keptPage(slug, language, false);
    if (kept) return other ? Response.redirect(`/s/${slug}${search}#${other.slice(1)}`) : kept;
    throw error;
  }
}

self.addEventListener("install", (event) => event.waitUntil(self.skipWaiting()));

// Caches are of the same form for every worker of this kind, so a new one may take over open pages at once.
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  const page = PAGE.exec(url.pathname);
  if (request.mode === "navigate") {
    if (page) event.respondWith(answerPage(event, page, url));
  } else if (FILE.test(url.pathname)) {
    event.respondWith(caches.match(request, { ignoreVary: true }).then((kept) => kept || fetch(request)));
  }
});

self.addEventListener("message", (event) => {
  const { what, slug, language } = event.data || {};
  const wanted = { keep: [language], languages: ["*"], more: [language] }[what];
  if (!wanted) return;
  const said = (done) => event.ports[0] && event.ports[0].postMessage(done);
  event.waitUntil(keep(slug, wanted, event.data).then(said, () => said(false)));
});

self.addEventListener("sync", (event) => {
  if (event.tag !== CHANNEL) return;
  const sending = new Sender(openStore()).send(true).then((left) => {
    // The browser tries again later, with pauses of its own.
    if (left) throw new Error(`${left} still wait`);
  });
  event.waitUntil(sending);
});
