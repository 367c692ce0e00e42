// The search box of the frame: what was found while typing is walked by arrows, Enter opens it, Escape puts it away.
const box = document.querySelector("[data-find]");
const sheet = document.getElementById("found");

if (box && sheet) {
  const options = () => [...sheet.querySelectorAll("[role=option]")];
  const now = () => options().find((one) => one.getAttribute("aria-selected") === "true");

  function open(wanted) {
    sheet.hidden = !wanted;
    box.setAttribute("aria-expanded", String(wanted));
    if (!wanted) choose(null);
  }
  function choose(option) {
    for (const one of options()) one.setAttribute("aria-selected", String(one === option));
    if (option) box.setAttribute("aria-activedescendant", option.id);
    else box.removeAttribute("aria-activedescendant");
    option?.scrollIntoView({ block: "nearest" });
  }
  for (const [name, value] of Object.entries({ role: "combobox", "aria-controls": "found", "aria-expanded": "false", "aria-autocomplete": "list", "aria-haspopup": "listbox" })) box.setAttribute(name, value);
  sheet.setAttribute("role", "listbox");
  sheet.setAttribute("aria-label", box.getAttribute("aria-label"));

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target === sheet) open(document.activeElement === box && sheet.childElementCount > 0);
  });
  box.addEventListener("keydown", (event) => {
    const all = options();
    if (event.key === "Escape" && !sheet.hidden) {
      event.preventDefault();
      open(false);
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && all.length) {
      event.preventDefault();
      if (sheet.hidden) open(true);
      const step = event.key === "ArrowDown" ? 1 : -1;
      choose(all[(all.indexOf(now()) + step + all.length + (now() || step > 0 ? 0 : 1)) % all.length]);
    } else if (event.key === "Enter" && now()) {
      event.preventDefault();
      now().click();
    }
  });
  box.addEventListener("focus", () => sheet.childElementCount && box.value && open(true));
  addEventListener("click", (event) => !event.target.closest(".find") && open(false));
  box.form.addEventListener("focusout", (event) => !box.form.contains(event.relatedTarget) && setTimeout(() => open(false), 150));
}
