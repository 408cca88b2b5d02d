/** What a page loads: takes over the long page where answers can be sealed and kept, and leaves it alone elsewhere. */

import { offerErasing } from "./eraser.js";
import { canSeal } from "./seal.js";
import { Visit } from "./visit.js";

/** The page as it came, without the number of this one form: the phone keeps it and need not load it again. */
function asItCame() {
  const whole = `<!doctype html>\n${document.documentElement.outerHTML}`;
  return whole.replace(/(<input type="hidden" name="id" value=")[0-9a-f]{32}"/, '$1"');
}

const place = document.getElementById("phone");
if (canSeal() && self.indexedDB) {
  if (place) new Visit(Object.assign(JSON.parse(place.textContent), { source: asItCame() })).start();
  else offerErasing();
}
