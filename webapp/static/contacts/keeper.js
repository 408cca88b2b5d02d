/**
 * The contact keeper's room: makes the key, opens what was signed up, locks itself.
 *
 * Open keys and what they opened live in this page's memory and in what it shows; locking, leaving and five idle minutes
 * take both away. Passphrase and recovery key are sent nowhere.
 */

import { canSeal } from "../phone/seal.js";
import { byId, clear, focusOn, put, show } from "../phone/view.js";
import { listAll, openAll } from "./cards.js";
import { Idle } from "./idle.js";
import { lockAnew, makeKey, openKey, sameWords } from "./keys.js";

const IDLE_MINUTES = 5;
const SCREENS = ["make", "recovery", "locked", "opened"];

/** Fields have no names, so that no form can be sent with what stands in them. */
const field = (form, name) => form.querySelector(`[data-field="${name}"]`);

/** The session has ended: the server leads to the sign-in instead of answering. */
class SignedOut extends Error {}

/** One visit to the room. */
class Room {
  constructor(data) {
    Object.assign(this, { data, keys: {}, made: null, busy: false, left: false });
    this.idle = new Idle(IDLE_MINUTES, (left) => this.idled(left));
  }

  start() {
    document.addEventListener("click", (event) => this.click(event));
    for (const form of document.querySelectorAll("form[data-does]")) {
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        this.work(form.dataset.does, form);
      });
    }
    self.addEventListener("pagehide", () => this.lock());
    this.screen(this.data.has_key ? "locked" : "make", false);
  }

  /** Show one screen; what another held is gone. */
  screen(name, focus = true) {
    for (const one of SCREENS) byId(one).hidden = one !== name;
    for (const form of document.querySelectorAll("form[data-does]")) form.reset();
    for (const button of document.querySelectorAll("[data-do=reveal]")) this.reveal(button, false);
    if (focus) focusOn(byId(name).querySelector("h1, h2"));
    self.scrollTo(0, 0);
  }

  /** Show or hide what is written into the fields of a form. */
  reveal(button, on) {
    button.setAttribute("aria-pressed", String(on));
    const type = on ? "text" : "password";
    for (const one of button.closest("form").querySelectorAll("[data-field]:not([autocapitalize=characters])")) {
      one.type = type;
    }
  }

  tell(name, text = "") {
    clear(byId("told"));
    show(byId("told"), name);
    const more = byId("told").querySelector(".more");
    if (more) more.textContent = text;
  }

  /** Do something that takes a moment: once, however often it is pressed. */
  async work(what, form) {
    if (this.busy) return;
    Object.assign(this, { busy: true, left: false });
    document.body.setAttribute("aria-busy", "true");
    clear(byId("told"));
    if (form) show(byId("told"), "working", { focus: false });
    try {
      await this[what](form);
      if (byId("told").dataset.shown === "working") clear(byId("told"));
    } catch (error) {
      if (!(error instanceof SignedOut)) this.tell("failed");
      if (!(error instanceof SignedOut || error instanceof TypeError || error instanceof SyntaxError)) throw error;
    } finally {
      this.busy = false;
      if (this.left) this.lock();
      document.body.removeAttribute("aria-busy");
    }
  }

  async ask(address, options) {
    const answer = await fetch(address, { credentials: "same-origin", cache: "no-store", ...options });
    if (answer.redirected || answer.status === 403) {
      this.lock();
      location.reload();
      throw new SignedOut();
    }
    return answer.json();
  }

  send(address, values) {
    const body = new FormData();
    body.set("csrf_token", byId("token").querySelector("input").value);
    for (const [name, value] of Object.entries(values)) body.set(name, value);
    return this.ask(address, { method: "POST", body });
  }

  /** A new passphrase that is typed the same twice and long enough; "" after telling why not. */
  chosen(form) {
    const words = sameWords(field(form, "passphrase").value);
    if (words !== sameWords(field(form, "again").value)) this.tell("differs");
    else if ([...words].length < this.data.shortest || new Set(words).size < 8) this.tell("short");
    else if (words.toLowerCase().includes(this.data.user.toLowerCase())) this.tell("named");
    else return words;
    field(form, "passphrase").focus();
    return "";
  }

  async make(form) {
    const words = this.chosen(form);
    if (!words) return;
    this.made = await makeKey(words, this.data.iterations);
    this.screen("recovery");
    byId("code").textContent = this.made.recovery;
  }

  /** The recovery key is on paper: only now the server gets the locked key. */
  async keep(form) {
    const { publicKey, locks, opened } = this.made;
    const password = field(form, "password");
    const values = { public: publicKey, locks: JSON.stringify(locks), password: password.value };
    const said = await this.send(this.data.make, values);
    if (!said.done) {
      this.tell("refused", said.told);
      return password.select();
    }
    this.data.has_key = true;
    this.forgetMade();
    const sealed = await this.ask(this.data.sealed);
    const own = sealed.keys.find((key) => key.public === publicKey);
    this.keys = own ? { [own.id]: opened } : {};
    await this.enter(sealed);
    return this.tell("kept");
  }

  forgetMade() {
    this.made = null;
    byId("code").textContent = "";
  }

  /** Open with the passphrase. */
  async unlock(form) {
    const sealed = await this.ask(this.data.sealed);
    const secret = field(form, "passphrase").value;
    const opened = {};
    for (const key of sealed.keys) {
      const found = await openKey(key, "passphrase", secret);
      if (found) opened[key.id] = found;
    }
    if (!Object.keys(opened).length) {
      this.tell("wrong");
      field(form, "passphrase").select();
      return;
    }
    this.keys = opened;
    await this.enter(sealed);
  }

  /** The passphrase is lost: open with the recovery key and lock with a new passphrase. */
  recover(form) {
    return this.anew(form, "recovery", field(form, "recovery").value, "wrong-recovery");
  }

  change(form) {
    return this.anew(form, "passphrase", field(form, "old").value, "wrong");
  }

  async anew(form, how, secret, wrong) {
    const words = this.chosen(form);
    if (!words) return undefined;
    const sealed = await this.ask(this.data.sealed);
    let changed = 0;
    for (const key of sealed.keys) {
      const locks = await lockAnew(key, how, secret, words, this.data.iterations);
      if (!locks) continue;
      const said = await this.send(this.data.lock, { key: key.id, locks: JSON.stringify(locks) });
      if (!said.done) return this.tell("refused", said.told);
      this.keys[key.id] = await openKey({ ...key, locks }, "passphrase", words);
      changed += 1;
    }
    if (!changed) return this.tell(wrong);
    await this.enter(await this.ask(this.data.sealed));
    return this.tell("changed");
  }

  async enter(sealed) {
    const found = await openAll(sealed.surveys, this.keys);
    // Locked or left while it worked: nothing is shown any more.
    if (this.left) return;
    this.screen("opened");
    byId("none").hidden = found.length > 0;
    byId("alone").hidden = sealed.keepers.length > 1;
    put(byId("keepers"), sealed.keepers.map((one) => `${one.name} (${one.since})`).join(", "));
    listAll(byId("cards"), found, this.data);
    this.idle.start();
  }

  /** Nothing that was opened stays, and no key. */
  lock() {
    this.left = true;
    this.keys = {};
    this.forgetMade();
    this.idle.stop();
    put(byId("cards"));
    clear(byId("told"));
    this.screen(this.data.has_key ? "locked" : "make", false);
  }

  idled(left) {
    if (left === 0) {
      this.lock();
      show(byId("told"), "idled", { focus: false });
    } else if (left !== null) show(byId("told"), "idle", { focus: false });
    else if (byId("told").dataset.shown === "idle") clear(byId("told"));
  }

  click(event) {
    const pressed = event.target.closest("[data-do]");
    if (!pressed) return undefined;
    const card = pressed.closest("[data-numbers]");
    const does = {
      lock: () => {
        this.lock();
        focusOn(byId("locked").querySelector("h1"));
      },
      print: () => self.print(),
      stay: () => clear(byId("told")),
      anew: () => this.screen("make"),
      back: () => this.screen("locked"),
      reveal: () => this.reveal(pressed, pressed.getAttribute("aria-pressed") !== "true"),
      delete: () => this.sure(card, true),
      keep: () => this.sure(card, false),
      gone: () => this.work("remove", card),
    };
    return does[pressed.dataset.do]();
  }

  /** Ask once. */
  sure(card, on) {
    card.querySelector(".delete").hidden = on;
    card.querySelector(".sure-to").hidden = !on;
    card.querySelector(on ? ".sure-to button" : ".delete button").focus();
  }

  async remove(card) {
    const { numbers, survey } = card.dataset;
    const said = await this.send(this.data.remove, { numbers, survey });
    if (!said.done) return this.tell("refused", said.told);
    const all = card.matches(".damaged");
    const number = all ? card.querySelector(".number").textContent : "";
    const part = card.closest("section section");
    card.remove();
    if (!part.querySelector("[data-numbers], .closed")) part.remove();
    byId("none").hidden = Boolean(byId("cards").firstChild);
    return this.tell(all ? "cleared" : "deleted", number);
  }
}

const data = JSON.parse(byId("data").textContent);
if (canSeal()) {
  byId("cannot").hidden = true;
  new Room(data).start();
}
