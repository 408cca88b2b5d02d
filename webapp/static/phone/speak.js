/**
 * Read aloud with the phone's own voice. Touches no page but what it is given.
 *
 *   onVoices(language, found)   found(true or false) is called whenever it may have changed whether a voice exists
 *   speak(text, language, done) say it, after stopping whatever is said; done() when it has ended
 *   hush()                      stop
 *   readable(elements)          what is to be said of them: what is seen, each part a sentence
 *
 * Only voices of the phone itself are used: others would send the text to a company.
 */

const speech = self.speechSynthesis;

function voiceFor(language) {
  if (!speech || !self.SpeechSynthesisUtterance) return undefined;
  const own = language.toLowerCase().split("-")[0];
  const fits = (voice) => voice.localService && voice.lang.toLowerCase().split(/[-_]/)[0] === own;
  return speech.getVoices().find(fits);
}

/**
 * @param {string} language  BCP 47
 * @param {function(boolean)} found
 */
export function onVoices(language, found) {
  const tell = () => found(Boolean(voiceFor(language)));
  tell();
  // Voices come a while after the page, in most browsers.
  if (speech) speech.onvoiceschanged = tell;
}

/** Stop reading. */
export function hush() {
  if (speech) speech.cancel();
}

/**
 * @param {string} text
 * @param {string} language
 * @param {function()} done
 */
export function speak(text, language, done) {
  hush();
  const voice = voiceFor(language);
  if (!voice) return done();
  const said = new SpeechSynthesisUtterance(text);
  said.voice = voice;
  said.lang = voice.lang;
  said.rate = 0.95;
  said.onend = done;
  said.onerror = done;
  speech.speak(said);
  return undefined;
}

const SAID = "h1, h2, legend, .asks, p, li:not(.row), dt, dd, .row > label, .points label";

/**
 * @param {Element[]} elements
 * @returns {string}
 */
export function readable(elements) {
  const parts = [];
  for (const element of elements) {
    const found = element.matches(SAID) ? [element] : Array.from(element.querySelectorAll(SAID));
    for (const part of found) {
      const text = part.innerText.trim();
      if (part.offsetParent && text) parts.push(/[.?:]$/.test(text) ? text : `${text}.`);
    }
  }
  return parts.join("\n");
}
