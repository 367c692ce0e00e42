// Lines of a formset: add one, take one away. Numbers follow what is seen, Django's own count follows what exists.
function counter(box) {
  return box.querySelector(`[name="${box.dataset.lines}-TOTAL_FORMS"]`);
}

function renumber(box) {
  let number = 0;
  for (const line of box.querySelectorAll("[data-line]:not([hidden])")) {
    const cell = line.querySelector("[data-line-number]");
    const text = [...cell.childNodes].find((node) => node.nodeType === Node.TEXT_NODE);
    number += 1;
    if (text) text.data = number;
    else cell.prepend(number);
  }
}

export function addLine(box) {
  const total = counter(box);
  const blank = box.querySelector("[data-lines-blank]").content.cloneNode(true);
  for (const element of blank.querySelectorAll("*")) {
    for (const name of ["id", "name", "for", "aria-describedby"]) {
      const value = element.getAttribute(name);
      if (value?.includes("__prefix__")) element.setAttribute(name, value.replaceAll("__prefix__", total.value));
    }
  }
  total.value = Number(total.value) + 1;
  const body = box.querySelector("[data-lines-body]");
  body.append(blank);
  renumber(box);
  const line = body.lastElementChild;
  box.dispatchEvent(new CustomEvent("lines:added", { bubbles: true, detail: { line } }));
  return line;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-lines-add]");
  if (!button) return;
  addLine(button.closest("[data-lines]")).querySelector("input:not([type=hidden]), select, textarea")?.focus();
});

document.addEventListener("change", (event) => {
  if (!event.target.matches?.('[data-line] input[name$="-DELETE"]')) return;
  const box = event.target.closest("[data-lines]");
  event.target.closest("[data-line]").hidden = event.target.checked;
  renumber(box);
  (box.querySelector("[data-line]:not([hidden]) input:not([type=hidden])") ?? box.querySelector("[data-lines-add]"))?.focus();
});

// A grid that is pasted into may ask for more lines than there are.
document.addEventListener("grid:need-line", (event) => {
  const box = event.target.closest("[data-lines]");
  if (box) event.detail.line = addLine(box);
});

const ready = () => document.querySelectorAll("[data-lines-add]").forEach((button) => (button.hidden = false));
ready();
document.addEventListener("htmx:afterSettle", ready);
