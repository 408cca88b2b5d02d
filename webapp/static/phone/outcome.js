/**
 * What has become of answers that were sent, in words: the one of this page, and earlier ones that still wait.
 *
 *   const outcome = new Outcome(survey)
 *   outcome.of(number, shared)   from now on tell what becomes of that answer
 *   outcome.follow()             look again; called whenever the queue may have changed
 *   outcome.instead              on a tablet that goes from hand to hand: called instead of telling, see tablet.js
 *   outcome.click(what)          "send", "retry" or "forget": a button of its templates
 *   outcome.waiting()            how many answers on this phone are not sent yet
 */

import { byId, clear, made, show } from "./view.js";

/** Tells what has become of sealed answers. */
export class Outcome {
  constructor(survey) {
    Object.assign(this, { survey, number: null, shared: false, tried: false, ended: "" });
  }

  async of(number, shared) {
    Object.assign(this, { number, shared, tried: false, ended: "" });
    await this.follow();
  }

  async states() {
    return this.survey.states().catch(() => []);
  }

  async waiting() {
    return (await this.states()).filter((entry) => entry.state !== "closed").length;
  }

  async follow() {
    if (this.instead) return this.instead();
    const states = await this.states();
    const own = states.find((entry) => entry.number === this.number);
    if (this.number) {
      this.tried = this.tried || Boolean(own && (own.tries || own.unsure));
      const first = own && own.state === "waiting" && !this.tried;
      this.tell(this.ended || (own ? (first ? "sending" : own.state) : "sent"));
    }
    const others = states.filter((entry) => entry.number !== this.number);
    const place = byId("queued");
    if (!others.length) return clear(place);
    const some = (...states) => others.some((entry) => states.includes(entry.state));
    const told = some("closed") ? "earlier-closed" : some("waiting", "late") ? "earlier" : "earlier-refused";
    return show(place, told, { focus: false });
  }

  tell(name) {
    const place = byId("state");
    if (place.dataset.shown === name) return;
    show(place, name);
    document.title = place.querySelector("h1").textContent;
    if (this.shared && name !== "sending") place.append(made("another"));
    // What was told needs no place on the phone any more.
    if (name === "closed") {
      this.ended = name;
      this.survey.forget(this.number).catch(() => {});
    }
  }

  async click(what) {
    if (what === "send" || what === "retry") {
      this.tried = true;
      if (what === "retry") await this.survey.retry().catch(() => {});
      await this.survey.sendNow().catch(() => {});
    } else {
      for (const entry of await this.states()) await this.survey.forget(entry.number).catch(() => {});
    }
    await this.follow();
  }
}
