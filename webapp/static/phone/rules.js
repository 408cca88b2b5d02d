/**
 * The rulebook on the phone: the same rules as forms/answers.py, over the data that forms/rules.py makes.
 *
 * Touches no page and no storage. What a person did is a plain object, the form that is sealed in the end:
 *
 *   given = { question id: { options: [option id, …], texts: { option id, or "" for the question's own field: text } } }
 *
 *   route(rules, given)             what each question came to: asked or passed over, answered or blank
 *   askedQuestions(rules, given)    ids of the questions that are asked, in order
 *   wordingOf(question, routed)     which wording: 0 the default, n the nth variant
 *   choose(question, what, option)  the answer after a tap on an option, with exclusive options kept apart
 *   faults(rules, given)            what can't be taken: [{ question, code, detail }], codes as in submission_faults
 *   withoutPassedOver(rules, given) { kept, gone }: what is left, and ids of the questions whose answers are left out
 *   payload(given)                  what is sealed: empty answers left out
 *
 * tests/test_phone_rules.py runs generated instruments and answers through both sides and compares.
 */

const OWN_FIELD = ["text", "number", "place"];
/** Digits of the longest number that is looked at: LONGEST_NUMBER in forms/answers.py. */
const LONGEST_NUMBER = 12;
/** Signs of a faulty value that a fault tells. */
const DETAIL = 80;
// Blanks and control signs as Python has them: its strip() takes U+001C and leaves U+FEFF, JavaScript's does not.
const BLANK = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const ENDS = new RegExp(`^${BLANK}+|${BLANK}+$`, "g");
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g; // eslint-disable-line no-control-regex

const own = (object, key) => Object.prototype.hasOwnProperty.call(object, key);

/**
 * Take the blanks off both ends of a text, as the server does.
 * @param {string} text
 * @returns {string}
 */
export function strip(text) {
  return text.replace(ENDS, "");
}

/**
 * A text as it is kept: without blanks around it and without control signs other than line break and tab.
 * @param {string} text
 * @returns {string}
 */
export function clean(text) {
  return strip(text.replace(CONTROL, ""));
}

/**
 * Characters of a text as a person counts them: a sign outside the basic plane is one, not two.
 * @param {string} text
 * @returns {number}
 */
export function lengthOf(text) {
  return Array.from(text).length;
}

/**
 * Put the replacement sign where half of a character stands: such a text can't be written as UTF-8.
 * @param {string} text
 * @returns {string}
 */
export function wellFormed(text) {
  return Array.from(text, (sign) => (/^[\ud800-\udfff]$/.test(sign) ? "\ufffd" : sign)).join("");
}

const cut = (text) => Array.from(text).slice(0, DETAIL).join("");
const optionsOf = (what) => [...new Set(what.options || [])];
const textsOf = (what) => Object.entries(what.texts || {});

/** What one question came to, as if it had been asked. */
function judge(question, what) {
  const chosen = optionsOf(what);
  const crossed = question.options ? question.options.filter((id) => chosen.includes(id)) : [];
  const fields = ["", ...(question.options || [])];
  const written = textsOf(what).some(([field, text]) => fields.includes(field) && clean(text));
  const alone = crossed.some((id) => (question.exclusive || []).includes(id));
  const several =
    (crossed.length > 1 && (question.kind !== "multiple" || alone)) ||
    // A place beside "another municipality": one of the two is meant, and only the person can tell which.
    (crossed.length > 0 && question.kind === "place" && own(what.texts || {}, ""));
  const status = several ? "unclear" : crossed.length || written ? "answered" : "blank";
  return { question: question.id, status, options: several ? [] : crossed, asked: true };
}

/**
 * Whether a condition is met by routed answers.
 * @param {Array} condition  as forms/rules.py writes it
 * @param {Object} routed  routed answers to earlier questions, by id
 * @returns {?boolean}  null where it can't be known, because what it looks at is blank or unclear
 */
export function met(condition, routed) {
  const [how, ...of] = condition;
  if (how === "is") {
    const answer = routed[of[0]];
    if (!answer.asked) return false;
    if (of[1].some((id) => answer.options.includes(id))) return true;
    return answer.status === "answered" ? false : null;
  }
  const parts = of.map((part) => met(part, routed));
  if (how === "not") return parts[0] === null ? null : !parts[0];
  const deciding = how === "any";
  if (parts.includes(deciding)) return deciding;
  return parts.includes(null) ? null : !deciding;
}

/**
 * Judge a whole response and settle which questions are asked: a question is asked when its condition is met or can't
 * be known.
 * @param {Object} rules
 * @param {Object} given
 * @returns {Object}  question id → { question, status: "answered" | "blank" | "unclear", options, asked }, in order
 */
export function route(rules, given) {
  const routed = {};
  for (const question of rules.questions) {
    const answer = judge(question, own(given, question.id) ? given[question.id] : {});
    if (question.asked_if && met(question.asked_if, routed) === false) answer.asked = false;
    routed[question.id] = answer;
  }
  return routed;
}

/**
 * Ids of the questions that are asked, in order: what "question 4 of 23" counts.
 * @param {Object} rules
 * @param {Object} given
 * @returns {string[]}
 */
export function askedQuestions(rules, given) {
  return Object.values(route(rules, given)).filter((a) => a.asked).map((a) => a.question);
}

/**
 * Which wording a question is shown with.
 * @param {Object} question  one of rules.questions
 * @param {Object} routed  what route returned
 * @returns {number}  0: the default; n: its nth variant, the first whose condition is met
 */
export function wordingOf(question, routed) {
  return (question.variants || []).findIndex((condition) => met(condition, routed) === true) + 1;
}

/**
 * The answer after a tap on an option: chosen if it was not, else taken back; what can't stand beside it goes.
 * @param {Object} question  one of rules.questions
 * @param {Object} what  the answer so far: { options, texts }
 * @param {string} option  id of the option that was tapped
 * @returns {Object}  the answer, a new object; texts stay
 */
export function choose(question, what, option) {
  const before = optionsOf(what);
  const texts = { ...(what.texts || {}) };
  if (before.includes(option)) return { options: before.filter((id) => id !== option), texts };
  if (question.kind === "place") delete texts[""];
  const exclusive = question.exclusive || [];
  const beside = question.kind !== "multiple" || exclusive.includes(option)
    ? []
    : before.filter((id) => !exclusive.includes(id));
  const after = [...beside, option];
  return { options: (question.options || []).filter((id) => after.includes(id)), texts };
}

/** What is wrong with a question's own field. */
function* ownFieldFaults(question, text, rules) {
  if (!text) return;
  const told = (code) => ({ question: question.id, code, detail: cut(text) });
  if (question.kind === "number") {
    if (!/^[0-9]+$/.test(text)) yield told("not-a-number");
    else if (
      text.replace(/^0+/, "").length > LONGEST_NUMBER ||
      Number(text) < (question.minimum || 0) ||
      Number(text) > (question.maximum || 0)
    ) yield told("out-of-range");
  } else if (question.kind === "place" && !(rules.places[question.places] || []).includes(text)) {
    yield told("unknown-place");
  }
}

/** What can't be taken at one question. */
function* faultsOf(question, what, rules) {
  const options = question.options || [];
  const told = (code, detail) => ({ question: question.id, code, detail });
  for (const id of optionsOf(what)) if (!options.includes(id)) yield told("unknown-option", cut(id));
  if (judge(question, what).status === "unclear") yield told("several", "");
  for (const [field, text] of textsOf(what)) {
    const fits = field === "" ? OWN_FIELD.includes(question.kind) : (question.other || []).includes(field);
    if (!fits) yield told("unexpected-text", cut(text));
    else if (lengthOf(text) > (question.most || 0)) yield told("too-long", String(lengthOf(text)));
    else if (field === "") yield* ownFieldFaults(question, strip(text), rules);
  }
}

/**
 * What can't be taken, where the form itself leaves no room for doubt.
 * @param {Object} rules
 * @param {Object} given
 * @returns {Array<{question: string, code: string, detail: string}>}  in the order of the instrument; empty: good
 */
export function faults(rules, given) {
  const known = new Set(rules.questions.map((q) => q.id));
  const unknown = Object.keys(given).filter((id) => !known.has(id));
  return [
    ...unknown.map((id) => ({ question: id, code: "unknown-question", detail: cut(id) })),
    ...rules.questions.filter((q) => own(given, q.id)).flatMap((q) => [...faultsOf(q, given[q.id], rules)]),
  ];
}

/**
 * Take out what the routing made unreachable.
 * @param {Object} rules
 * @param {Object} given
 * @returns {{kept: Object, gone: string[]}}  gone is to be shown to the person once, before sending
 */
export function withoutPassedOver(rules, given) {
  const gone = Object.values(route(rules, given))
    .filter((a) => !a.asked && a.status !== "blank")
    .map((a) => a.question);
  return { kept: Object.fromEntries(Object.entries(given).filter(([id]) => !gone.includes(id))), gone };
}

/**
 * What is sealed: chosen options and texts, empty ones left out.
 * @param {Object} given
 * @returns {Object}  { question id: { options: [id, …], texts: { option id or "": text } } }
 */
export function payload(given) {
  const found = {};
  for (const [id, what] of Object.entries(given)) {
    const texts = {};
    for (const [field, text] of textsOf(what)) if (strip(text)) texts[field] = wellFormed(text);
    if (optionsOf(what).length || Object.keys(texts).length) found[id] = { options: optionsOf(what), texts };
  }
  return found;
}
