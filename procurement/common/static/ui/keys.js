// Keyboard shortcuts; off inside fields and where the person has switched them off (<body data-keys="off">).
//   data-go="h"     on a link: g, then h, leads there
//   data-key="n"    on a link or button: that key presses it; inside the row one stands on before the rest of the page
//   data-rows       on a list or table body: j and k (and the arrows, once inside) walk its rows, Enter opens one
//   data-search     on a field: / goes to it; else to the first field of a search form
// Every other key is told as "keys:press" with the key and the row, for scripts that do more.
const FIELDS = "input:not([type=checkbox], [type=radio], [type=button], [type=submit]), select, textarea, [contenteditable]";
const shown = (element) => element?.offsetParent !== null;
let going = 0;

const rowsOf = () => [...document.querySelectorAll("[data-rows] > *")].filter((row) => shown(row) && row.querySelector("a[href]"));
const rowNow = () => document.activeElement?.closest("[data-rows] > *");

function walk(step) {
  const rows = rowsOf();
  const row = rows[Math.min(rows.length - 1, Math.max(0, rows.indexOf(rowNow()) + step))];
  if (!row) return false;
  row.querySelector("a[href]").focus();
  row.scrollIntoView({ block: "nearest" });
  return true;
}

function press(key) {
  const named = `[data-key="${CSS.escape(key)}"]`;
  const target = rowNow()?.querySelector(named) ?? [...document.querySelectorAll(named)].find(shown);
  if (!target) return false;
  target.focus();
  target.click();
  return true;
}

function search() {
  const field = document.querySelector("[data-search]") ?? document.querySelector("input[type=search], [role=search] input:not([type=hidden])");
  field?.focus();
  field?.select?.();
  return Boolean(field);
}

async function help() {
  const link = document.querySelector("a[data-help]");
  if (!link) return;
  const answer = await fetch(link.href);
  const sheet = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-shortcuts]");
  if (!sheet) return location.assign(link.href);
  const dialog = document.createElement("dialog");
  dialog.className = "wide";
  dialog.setAttribute("aria-label", link.textContent);
  dialog.append(document.adoptNode(sheet));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

function act(key) {
  if (Date.now() < going) {
    going = 0;
    const link = document.querySelector(`a[data-go="${CSS.escape(key)}"]`);
    if (link) link.click();
    return Boolean(link);
  }
  if (key === "g") return Boolean((going = Date.now() + 1500));
  if (key === "/") return search();
  if (key === "?") return help(), true;
  if (key === "j" || (key === "ArrowDown" && rowNow())) return walk(1);
  if (key === "k" || (key === "ArrowUp" && rowNow())) return walk(-1);
  if (press(key)) return true;
  return !document.dispatchEvent(new CustomEvent("keys:press", { cancelable: true, detail: { key, row: rowNow() } }));
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.body.dataset.keys === "off" || event.target.closest?.(FIELDS) || document.querySelector("dialog[open]")) return;
  if (act(event.key)) event.preventDefault();
});

document.addEventListener("click", (event) => {
  if (!event.target.closest?.("a[data-help]") || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  help();
});
