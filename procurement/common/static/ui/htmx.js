// Sends the CSRF token with every htmx request, and lets no whole page into a part of one.
const words = JSON.parse(document.querySelector('meta[name="words"]')?.content || "{}");
const token = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";

// Once, however many parts of the page ask in vain.
function tell(text) {
  if (document.querySelector("[data-told]")) return;
  const toast = document.createElement("p");
  toast.className = "toast pinned";
  toast.dataset.told = "";
  toast.setAttribute("role", "alert");
  toast.textContent = text;
  document.body.append(toast);
}

document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = token();
});

document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  // A refused form comes back with its errors: show it instead of dropping it.
  if (xhr.status === 422 || xhr.status === 409) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
  // The log-in has run out: what stands here, typed or not, stays, and the reader is told.
  if (/^\s*<!doctype/i.test(xhr.responseText)) {
    event.detail.shouldSwap = false;
    if (new URL(xhr.responseURL).pathname.includes("/login/")) tell(words.loggedOut);
  }
});
