/**
 * Erasing from a page of ours that has no form: the list of surveys, the thanks of the long page.
 *
 *   await offerErasing()
 */

import { cover, onTablet, uncover } from "./more.js";
import { openStore } from "./store.js";
import { eraseAll } from "./survey.js";
import { byId, show } from "./view.js";

/** On a tablet that goes from hand to hand it is not offered: others' answers may wait there. */
export async function offerErasing() {
  if (await onTablet()) return;
  const does = {
    ask: async () => {
      const waiting = await openStore().waiting().catch(() => []);
      cover({}, "erase").querySelector(".unsent").hidden = waiting.every((entry) => entry.state === "closed");
    },
    unask: () => uncover({}),
    erase: async () => {
      const done = await eraseAll().then(() => true, () => false);
      uncover({});
      show(byId("state"), done ? "erased" : "not-erased");
    },
  };
  document.addEventListener("click", (event) => {
    const pressed = event.target.closest("[data-do]");
    if (pressed) does[pressed.dataset.do]();
  });
  document.querySelector("[data-tool]").hidden = false;
  byId("visited").hidden = true;
}
