/**
 * Tablet mode for meetings: one device, many people in turn. Fetched only where somebody starts it; see more.js.
 *
 *   const tablet = new Part(visit, kit)
 *   await tablet.start(asked)    asked: somebody came to start or leave it, by the address that ends in #tablet
 *   tablet.dress()               make the page one for whoever holds the device: no draft, no other ways out
 *   tablet.done()                an answer has been sealed
 *   tablet.next()                a blank page for the next person, behind which nothing of the former is reached
 *   tablet.does                  what its buttons do
 *
 * The mode holds for every survey of this address, until somebody leaves it with the PIN. It is kept in the browser's
 * cache storage: { home, pin, wrong, last }; pin as code.js closes it, so that the digits stand nowhere. The PIN guards
 * the mode, not the answers: those are sealed, and nobody who holds the device can open them.
 */

import { closed, opened } from "./code.js";

const CACHE = "kryssklick-tablet";
const PLACE = "/s/tablet-mode";
/** A blank page takes the place of the thanks after this long, ms. */
const THANKS_MS = 2 * 60 * 1000;
/** So many wrong PINs cost nothing; each one after them doubles the pause. */
const FREE = 3;
const FIRST_PAUSE_MS = 5000;
const LONGEST_PAUSE_MS = 10 * 60 * 1000;
/** How long to wait until all languages are kept, ms. */
const KEEPING_MS = 30000;
const SIGN_UP = "a[href*='/sign-up']";
const PIN = /^[0-9]{4,12}$/;

async function read() {
  const found = await caches.match(PLACE, { cacheName: CACHE });
  return found && found.json();
}

async function write(state) {
  const cache = await caches.open(CACHE);
  await cache.put(PLACE, new Response(JSON.stringify(state)));
}

const inTime = (work, ms) =>
  Promise.race([work.catch(() => false), new Promise((resolve) => setTimeout(() => resolve(false), ms))]);

/** How long the next try has to wait, ms. A clock that was put back waits its pause out and no longer. */
function pauseOf({ wrong, last }) {
  if (wrong < FREE) return 0;
  const whole = Math.min(FIRST_PAUSE_MS * 2 ** (wrong - FREE), LONGEST_PAUSE_MS);
  return Math.min(last + whole - Date.now(), whole);
}

/** The mode on one page. */
export class Part {
  constructor(visit, kit) {
    Object.assign(this, { visit, kit });
    this.does = {
      "tablet-start": () => this.begin(),
      "tablet-leave": () => this.leave(),
      "tablet-send": () => visit.survey.sendNow().then(() => this.count()),
      staff: () => this.staff(),
      // Before the mode has begun there may be a draft to go on with: the page looks for it anew.
      "no-staff": () => (this.state ? kit.uncover(visit) : location.reload()),
      "next-person": () => this.next(),
    };
  }

  async start(asked) {
    this.state = await read();
    if (this.state) {
      this.dress();
      // What a browser keeps of a page it has left must be blank too.
      self.onpagehide = () => this.visit.wipe();
      self.onpageshow = (event) => event.persisted && location.reload();
    }
    if (!asked) return;
    await this.staff();
  }

  dress() {
    const { kit, visit } = this;
    const instead = (selector, name) => {
      const found = document.querySelector(selector);
      if (found) found.replaceWith(kit.made(name));
    };
    instead("a.leave", "tablet-wipe");
    instead(".foot [data-tool]", "tablet-foot");
    instead("#safe [data-tool]", "tablet-safe");
    // Another form of ours would be filled in outside of the mode.
    for (const link of document.querySelectorAll(SIGN_UP)) link.closest("p").remove();
    const out = document.querySelector("#safe .out");
    if (out) out.remove();
    // What others say of closing the tab is not for a device that goes on to the next person.
    visit.data.said.shared = kit.made("tablet-shared").textContent;
    kit.put(kit.byId("on-empty").content, kit.made("tablet-empty"));
    visit.outcome.instead = () => this.count();
    kit.clear(kit.byId("queued"));
  }

  /** What whoever is responsible for the device may see: how many answers wait, and the way out. */
  async staff() {
    const { kit, visit } = this;
    const place = kit.cover(visit, this.state ? "tablet-staff" : "tablet-start");
    place.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.state) this.leave();
      else this.begin();
    });
    await this.count();
  }

  async count() {
    const lines = document.querySelectorAll("[data-count]");
    if (!lines.length) return;
    const entries = await this.visit.survey.store.waiting().catch(() => []);
    for (const line of lines) {
      const n = entries.filter((entry) => entry.state === line.dataset.count).length;
      line.textContent = this.kit.filled(line.dataset.said, { n });
      line.hidden = !n && line.dataset.count !== "waiting";
    }
    const send = document.querySelector("[data-do=tablet-send]");
    if (send) send.hidden = !entries.some((entry) => entry.state === "waiting");
  }

  tell(name, values = {}) {
    const { kit } = this;
    const [field, place] = [kit.byId("pin"), kit.byId("not-pin")];
    kit.put(place, name ? kit.filled(kit.byId(`on-${name}`).content.textContent, values) : "");
    field.setAttribute("aria-invalid", String(Boolean(name)));
    if (name) field.focus();
  }

  /** Start the mode with a PIN that is set now. */
  async begin() {
    const { kit, visit } = this;
    const pin = kit.byId("pin").value.trim();
    if (!PIN.test(pin)) return this.tell("no-pin");
    if (this.working) return undefined;
    this.busy(true);
    const home = `${location.pathname}?lang=${visit.data.language}`;
    const state = { home, pin: await closed(pin, new Uint8Array(1)), wrong: 0, last: 0 };
    try {
      await visit.survey.store.dropDrafts();
      await write(state);
    } catch {
      this.busy(false);
      return this.tell("no-tablet");
    }
    this.state = state;
    const ready = await inTime(visit.survey.askWorker({ what: "languages", name: "tablet" }), KEEPING_MS);
    kit.cover(visit, ready ? "tablet-ready" : "tablet-online");
    return undefined;
  }

  /** Leave the mode, with the PIN; what waits goes on waiting. */
  async leave() {
    const { kit, visit } = this;
    const pin = kit.byId("pin").value.trim();
    if (this.working || !PIN.test(pin)) return this.working ? undefined : this.tell("no-pin");
    const state = await read();
    const left = pauseOf(state);
    if (left > 0) return this.tell("pin-pause", { n: Math.ceil(left / 1000) });
    this.busy(true);
    kit.byId("pin").value = "";
    // Counted before it is tried: a page that is loaded again in between has had its try.
    await write({ ...state, wrong: state.wrong + 1, last: Date.now() });
    const right = await opened(pin, state.pin);
    this.busy(false);
    if (!right) return this.tell("wrong-pin");
    await caches.delete(CACHE);
    visit.wipe();
    return this.blank(state.home);
  }

  /** The answer is sealed; its page holds nothing of it any more. */
  done() {
    const { kit } = this;
    kit.show(kit.byId("state"), "tablet-done");
    for (const note of kit.made("sent").querySelectorAll(".note")) {
      if (!note.querySelector(SIGN_UP)) kit.byId("state").append(note);
    }
    document.title = kit.byId("state").querySelector("h1").textContent;
    setTimeout(() => this.next(), THANKS_MS);
  }

  next() {
    this.visit.wipe();
    this.blank(this.state.home);
  }

  /** A new page, with nothing behind it and nothing ahead but itself. */
  blank(home) {
    document.body.textContent = "";
    let gone = false;
    const go = () => {
      if (gone) return;
      gone = true;
      history.replaceState({ depth: 0 }, "", home);
      history.pushState({ depth: 0 }, "", home);
      location.replace(home);
    };
    const depth = (history.state && history.state.depth) || 0;
    if (!depth) return go();
    self.addEventListener("popstate", go, { once: true });
    setTimeout(go, 250);
    history.go(-depth);
    return undefined;
  }

  /** It takes a moment on an old device. */
  busy(on) {
    this.working = on;
    if (on) this.tell("");
    const line = this.kit.byId("moment");
    if (line) line.textContent = on ? line.dataset.said : "";
  }
}
