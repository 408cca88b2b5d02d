// The desk's small helpers. Every page works without them.

// Keys on the review page: a key presses the button that names it.
document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.repeat) return;
  if (event.target.matches("input:not([type=checkbox]), textarea, select")) return;
  const wanted = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (!wanted) return;
  event.preventDefault();
  wanted.click();
});

// Ctrl+Enter in a text of several lines saves it, as Enter does in a short one.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || !event.target.matches(".decide textarea")) return;
  event.preventDefault();
  event.target.form.requestSubmit(event.target.form.querySelector("[value=text]"));
});

// A second click on the same button sends nothing twice.
document.addEventListener("submit", (event) => {
  if (event.target.dataset.sent) event.preventDefault();
  else if (event.target.method === "post" && !("download" in event.target.dataset)) event.target.dataset.sent = "1";
});
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});

// Reading: ask the server how far it has come, and show the whole page again when it is done.
const job = document.querySelector("[data-progress]");
if (job) {
  const bar = job.querySelector("progress");
  const line = job.querySelector(".done-line");
  let pause = 500;
  const ask = async () => {
    try {
      const answer = await fetch(job.dataset.progress, { headers: { Accept: "application/json" } });
      if (answer.redirected || answer.status === 401 || answer.status === 403) return location.reload();
      if (!answer.ok) throw new Error(String(answer.status));
      const state = await answer.json();
      if (state.total) {
        bar.max = state.total;
        bar.value = state.done;
      }
      if (line.textContent !== state.text) line.textContent = state.text;
      if (state.finished) return location.reload();
      pause = 500;
    } catch {
      pause = Math.min(pause * 2, 10000);
    }
    setTimeout(ask, pause);
  };
  ask();
}
