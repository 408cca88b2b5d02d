/**
 * Runs Lighthouse over a respondent's visit, for measure_lighthouse.py.
 *
 *   node lighthouse.mjs MODULES CHROMIUM ADDRESS SLUG TIMES
 *
 * MODULES is the folder node_modules with the package lighthouse. Each page is loaded so many TIMES. Prints one JSON
 * object a load and a state: name, scheme, scores (0 to 100, by category) and faults (audits that did not pass). What
 * is reached by pressing a button is looked at as it stands; speed is measured where a page is loaded.
 */

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [modules, chromium, address, slug, times] = process.argv.slice(2);
const found = createRequire(`${modules}/`);
const { startFlow } = await import(pathToFileURL(found.resolve("lighthouse")));
const puppeteer = (await import(pathToFileURL(found.resolve("puppeteer-core")))).default;

const CATEGORIES = ["performance", "accessibility", "best-practices"];
const ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];

function told(name, scheme, { lhr }) {
  const scores = {};
  const faults = [];
  for (const [id, category] of Object.entries(lhr.categories)) {
    if (id === "performance" && lhr.gatherMode !== "navigation") continue;
    if (category.score !== null) scores[id] = Math.round(category.score * 100);
    for (const { id: audit, weight } of category.auditRefs) {
      const { score, title, displayValue } = lhr.audits[audit];
      if (weight && score !== null && score < 1) faults.push([audit, title, displayValue].filter(Boolean).join(": "));
    }
  }
  console.log(JSON.stringify({ name, scheme, scores, faults }));
}

async function press(page, selector) {
  await page.waitForSelector(selector, { visible: true });
  await page.click(selector);
}

async function visit(page, scheme) {
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  const flow = await startFlow(page, { flags: { onlyCategories: CATEGORIES } });
  const names = [];
  const load = async (name, path) => {
    for (let n = 0; n < Number(times); n += 1) {
      names.push(name);
      await flow.navigate(`${address}${path}`);
    }
  };
  const state = async (name) => {
    names.push(name);
    await flow.snapshot();
  };
  await load("first page", `/s/${slug}`);
  await press(page, "#about [data-do=safe]");
  await state("what anonymity means");
  await press(page, "[data-do=shared]");
  await page.waitForSelector(".question input", { visible: true });
  await state("question");
  await page.$eval(".question:not([hidden]) input[type=radio]", (box) => box.click());
  while (!(await page.$("#review:not([hidden])"))) await press(page, "#next");
  await state("review");
  await press(page, "#end .actions button");
  await page.waitForFunction(() => document.getElementById("state").dataset.shown === "sent");
  await state("sent");
  await load("thanks without script", `/s/${slug}/thanks`);
  await load("sign-up for an interview", `/s/${slug}/sign-up`);
  await load("sign-in at the desk", "/sign-in");
  const { steps } = await flow.createFlowResult();
  steps.forEach((step, n) => told(names[n], scheme, step));
}

const browser = await puppeteer.launch({ executablePath: chromium, args: ARGUMENTS });
try {
  for (const scheme of ["light", "dark"]) await visit(await browser.newPage(), scheme);
} finally {
  await browser.close();
}
