/**
 * The end of a form: check it, freeze it, and take it out of the page.
 *
 *   send(visit)                  after "Send my answers"; tells what stands in the way, if anything does
 *   tellFaults(visit, faults)    a summary of what has to be mended, each with a way to it
 *
 * visit: see visit.js.
 */

import { listFaults } from "./review.js";
import { TooLong } from "./seal.js";
import { byId, show } from "./view.js";

/** @param {Array<Object>} faults  of rules.js */
export function tellFaults(visit, faults) {
  show(byId("told"), "faults");
  listFaults(byId("told").querySelector("ul"), visit.steps, faults);
}

/** A second tap while the first is at work does nothing. */
export async function send(visit) {
  const given = visit.given();
  const { faults, empty, gone } = visit.survey.check(given);
  if (faults.length) return tellFaults(visit, faults);
  if (empty) return show(byId("told"), "empty");
  if (visit.done) return undefined;
  visit.done = true;
  try {
    await visit.survey.freeze(visit.keeping.names, given, visit.data.language);
  } catch (error) {
    visit.done = false;
    return unfrozen(visit, error, gone);
  }
  return sent(visit);
}

/** The storage is full or forbidden: then the server seals the answer when it arrives. */
async function unfrozen(visit, error, gone) {
  if (error instanceof TooLong) return show(byId("told"), "too-long");
  const without = Object.assign(document.createElement("input"), { type: "hidden", name: "without" });
  without.value = gone.join(" ");
  visit.form.append(without);
  const body = new URLSearchParams(new FormData(visit.form));
  const answer = await fetch(visit.form.action, { method: "POST", body, credentials: "omit" }).catch(() => undefined);
  if (!answer) {
    without.remove();
    return show(byId("told"), "no-room");
  }
  // What the server has to say about it, it says on a page of its own.
  if (!/\/thanks$/.test(new URL(answer.url).pathname)) return visit.form.submit();
  await visit.survey.dropDraft().catch(() => {});
  return sent(visit);
}

/** Nothing of the answer stays in the page: not for who takes the phone next, not for the browser to restore. */
async function sent(visit) {
  const { names, whose } = visit.keeping;
  visit.done = true;
  visit.keeping.stop();
  visit.strip();
  if (visit.tablet) visit.tablet.done();
  else await visit.outcome.of(names.number, whose === "shared");
  return self.scrollTo(0, 0);
}
