/** What a page loads: takes over the long page where answers can be sealed and kept, and leaves it alone elsewhere. */

import { canSeal } from "./seal.js";
import { Visit } from "./visit.js";

const data = document.getElementById("phone");
if (data && canSeal() && self.indexedDB) new Visit(JSON.parse(data.textContent)).start();
