// Decisions by keyboard: a approves, r returns with a question, x rejects what the list stands on or the card shows.
// The same form as by hand, confirmed in place; data-decidable carries what is shown (data-title, data-amount) and sent.
const dialog = document.querySelector("dialog[data-decision]");
const acts = { a: "approve", r: "return", x: "reject" };

document.addEventListener("keys:press", (event) => {
  const act = acts[event.detail.key];
  const subject = event.detail.row?.closest("[data-decidable]") ?? document.querySelector("form[data-decidable]");
  if (!act || !subject || !dialog) return;
  event.preventDefault();
  const form = dialog.querySelector("form");
  form.reset();
  form.action = subject.dataset.url ?? "";
  form.elements.seen.value = subject.dataset.seen ?? subject.elements.seen.value;
  form.elements.comment.value = subject.elements?.comment?.value ?? "";
  dialog.querySelector("h2").textContent = subject.dataset.title;
  dialog.querySelector("[data-amount]").textContent = subject.dataset.amount;
  dialog.querySelector("[data-optional]").hidden = act !== "approve";
  form.elements.comment.required = act !== "approve";
  for (const button of form.querySelectorAll("[name=act]")) {
    button.hidden = button.value !== act;
    button.disabled = button.hidden;
  }
  dialog.showModal();
  (act === "approve" ? form.querySelector("[value=approve]") : form.elements.comment).focus();
});
