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
  const { names, whose } = visit.keeping;
  try {
    await visit.survey.freeze(names, given, visit.data.language);
  } catch (error) {
    visit.done = false;
    return unfrozen(visit, error, gone);
  }
  // Nothing of the answer stays in the page: not for who takes the phone next, not for the browser to restore.
  visit.keeping.stop();
  visit.strip();
  if (visit.tablet) visit.tablet.done();
  else await visit.outcome.of(names.number, whose === "shared");
  return self.scrollTo(0, 0);
}

/** The storage is full or forbidden: then the server seals the answer when it arrives. */
function unfrozen(visit, error, gone) {
  if (error instanceof TooLong) return show(byId("told"), "too-long");
  if (navigator.onLine === false) return show(byId("told"), "no-room");
  const without = Object.assign(document.createElement("input"), { type: "hidden", name: "without" });
  without.value = gone.join(" ");
  visit.form.append(without);
  return visit.form.submit();
}
