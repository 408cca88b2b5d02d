/**
 * Sends sealed answers, each exactly once, whatever happens on the way. Touches no page; the service worker uses it too.
 *
 *   const sender = new Sender(store, { onchange })
 *   sender.start()        send now and again: on `online`, when the page is shown, after growing pauses
 *   sender.send(true)     try everything at once ("Send now"); false: only what is due
 *   sender.stop()
 *   entryOf(slug, number, sealed, until)   what goes into store.queue
 *   stateOf(entry, now)   "waiting" | "late" | "closed" | "refused"
 *
 * An entry leaves the queue when the server says that it has it, the first time or again: a number that is not in the
 * queue any more was sent. onchange() is called whenever something in the queue may have changed, in this tab or another.
 *
 *   waiting   not sent yet
 *   late      not sent yet, and by this phone's clock too late; it is tried all the same, clocks go wrong
 *   closed    the server said: too late. The sealed bytes are gone; the entry is only there to be told and forgotten
 *   refused   the server can't take it (the survey was made anew, or a fault of ours), or has for a week not known the
 *             survey. Kept, told, tried no more unless the person wants it
 *
 * `unsure` in an entry: an attempt ended without an answer, so it may have arrived all the same.
 */

/** Pauses after each attempt that failed, seconds; the last one goes on. */
export const PAUSES_S = [5, 15, 60, 300, 900, 3600];
/** How long an attempt may take before it counts as failed, seconds. */
const PATIENCE_S = 40;
/** Shortest time between attempts that come of events such as `online`, seconds. */
const BREATH_S = 2;
/** A survey that the server has not known for so long is not expected back: servers are moved and restored, ms. */
const UNKNOWN_MS = 7 * 24 * 3600 * 1000;
const LOCK = "kryssklick send";
/** How long to wait for another tab before trying beside it, seconds: a phone may have put that tab to sleep. */
const LOCK_PATIENCE_S = 90;
/** Name under which Background Sync and messages between tabs are registered. */
export const CHANNEL = "kryssklick";

/**
 * A fresh entry for the queue.
 * @param {string} slug
 * @param {string} number  submission id
 * @param {ArrayBuffer} sealed
 * @param {?number} until  ms since 1970 until which it counts; null: no end is known
 * @returns {Object}
 */
export function entryOf(slug, number, sealed, until) {
  return { number, slug, sealed, until, state: "waiting", tries: 0, next: 0, unsure: false };
}

/**
 * @param {Object} entry
 * @param {number} now  ms since 1970
 * @returns {string}  "waiting", "late", "closed" or "refused"
 */
export function stateOf(entry, now) {
  return entry.state === "waiting" && entry.until !== null && now > entry.until ? "late" : entry.state;
}

/** Wait so long that phones which lost the network together don't come back together. */
function pauseMs(tries, random) {
  const seconds = PAUSES_S[Math.min(tries, PAUSES_S.length) - 1];
  return seconds * 1000 * (0.75 + random() / 2);
}

/**
 * Try one entry.
 * @returns {Promise<string>}  "accepted", "closed", "refused", "unknown" (no such survey), "later" (not taken) or
 *   "unsure" (no answer came)
 */
async function attempt(entry, fetch) {
  const abort = self.AbortController ? new AbortController() : null;
  const clock = abort && setTimeout(() => abort.abort(), PATIENCE_S * 1000);
  try {
    const answer = await fetch(`/s/${encodeURIComponent(entry.slug)}/sealed`, {
      method: "POST",
      body: entry.sealed,
      headers: { "Content-Type": "application/octet-stream", "Kryssklick-Number": entry.number },
      credentials: "omit",
      cache: "no-store",
      redirect: "error",
      referrerPolicy: "no-referrer",
      signal: abort ? abort.signal : undefined,
    });
    // Hotspots and proxies answer with pages of their own: only our own words count.
    const said = await answer.json().catch(() => null);
    if (!said || said.format !== "kryssklick-receipt/1") return "later";
    return ["accepted", "closed", "refused", "unknown"].includes(said.status) ? said.status : "later";
  } catch {
    return "unsure";
  } finally {
    if (clock) clearTimeout(clock);
  }
}

/** What becomes of an entry after an attempt; undefined: it leaves the queue. */
function after(entry, came, now, random) {
  if (came === "accepted") return undefined;
  // Nothing can be done with the bytes any more: only the word is kept until the person has seen it.
  if (came === "closed") return { ...entry, state: "closed", sealed: null };
  const since = came === "unknown" ? entry.since || now : entry.since;
  if (came === "refused" || (came === "unknown" && now - since > UNKNOWN_MS)) return { ...entry, state: "refused" };
  const tries = entry.tries + 1;
  return { ...entry, since, tries, next: now + pauseMs(tries, random), unsure: entry.unsure || came === "unsure" };
}

/** Sends what waits. One of them in each tab and in the worker; Web Locks let only one of them work at a time. */
export class Sender {
  /**
   * @param {Store} store
   * @param {{onchange: Function, fetch: Function, now: Function, random: Function}} given  the last three for tests
   */
  constructor(store, { onchange = () => {}, fetch = (...a) => self.fetch(...a), now = Date.now, random = Math.random } = {}) {
    Object.assign(this, { store, onchange, fetch, now, random, timer: null, last: 0, working: null });
    this.channel = self.BroadcastChannel ? new BroadcastChannel(CHANNEL) : null;
    if (this.channel) this.channel.onmessage = () => this.onchange();
    this.wake = this.wake.bind(this);
  }

  /** Send now, and again whenever there is reason to. Only in a page. */
  start() {
    self.addEventListener("online", this.wake);
    self.addEventListener("pageshow", this.wake);
    document.addEventListener("visibilitychange", this.wake);
    return this.send(true);
  }

  /** Try no more in this page. */
  stop() {
    self.removeEventListener("online", this.wake);
    self.removeEventListener("pageshow", this.wake);
    document.removeEventListener("visibilitychange", this.wake);
    clearTimeout(this.timer);
    if (this.channel) this.channel.close();
    this.channel = null;
  }

  wake() {
    if (document.visibilityState === "hidden") return;
    const wait = Math.max(0, this.last + BREATH_S * 1000 - this.now());
    setTimeout(() => this.send(true).catch(() => {}), Math.min(wait, BREATH_S * 1000));
  }

  /** Tell this tab and the others that the queue has changed. */
  changed() {
    this.onchange();
    if (this.channel) this.channel.postMessage("changed");
  }

  /**
   * Try what waits, of every survey on this phone.
   * @param {boolean} all  also what has its pause still to wait out
   * @returns {Promise<number>}  how many still wait
   */
  async send(all = false) {
    // A call that comes while one is under way is served by a round of its own right after: it may know of a new entry.
    const before = this.working;
    const round = (async () => {
      if (before) await before.catch(() => {});
      return this.alone(() => this.round(all));
    })();
    this.working = round;
    try {
      return await round;
    } finally {
      if (this.working === round) {
        this.working = null;
        await this.plan();
      }
    }
  }

  /** Run work while no other tab and no worker does the same; where there are no locks the server tells repeats. */
  async alone(work) {
    if (!self.navigator || !navigator.locks) return work();
    const abort = new AbortController();
    const clock = setTimeout(() => abort.abort(), LOCK_PATIENCE_S * 1000);
    let mine = false;
    const begin = () => {
      mine = true;
      clearTimeout(clock);
      return work();
    };
    try {
      return await navigator.locks.request(LOCK, { signal: abort.signal }, begin);
    } catch (error) {
      if (mine) throw error;
      return work();
    }
  }

  async round(all) {
    this.last = this.now();
    const entries = (await this.store.waiting()).filter((entry) => entry.state === "waiting");
    const farthest = this.now() + 2000 * PAUSES_S[PAUSES_S.length - 1];
    // A clock that was put back must not make an answer wait for years.
    const due = entries.filter((entry) => all || entry.next <= this.now() || entry.next > farthest);
    due.sort((a, b) => a.tries - b.tries);
    let left = entries.length;
    for (const entry of due) {
      const came = await attempt(entry, this.fetch);
      let waits;
      await this.store.change(entry.number, (current) => {
        const next = after(current, came, this.now(), this.random);
        waits = next && next.state === "waiting";
        return next;
      });
      if (!waits) left -= 1;
      this.changed();
    }
    return left;
  }

  /** Set the clock for the next attempt. */
  async plan() {
    clearTimeout(this.timer);
    const waiting = (await this.store.waiting()).filter((entry) => entry.state === "waiting");
    if (!waiting.length) return;
    const soonest = Math.min(...waiting.map((entry) => entry.next)) - this.now();
    this.timer = setTimeout(() => this.send().catch(() => this.plan()), Math.min(Math.max(soonest, 1000), 3600000));
  }
}
