// A grid to type or paste into. Sums are for the eye only: the server computes what counts.
//   data-grid           the frame around a table
//   data-number         on an input: figures only
//   data-qty, data-price (or data-multiply on a row's cells)  factors of the row's amount; data-amount shows it
//   data-discount       a factor in percent, taken off
//   data-total          on an element anywhere: the sum of all data-amount; data-rest adds what stands on other pages
const words = JSON.parse(document.querySelector('meta[name="words"]')?.content || "{}");
const PLAIN = /^-?(\d{1,15}|\d{1,3}(,\d{3})+)(\.\d{1,6})?$/;

export function parse(text) {
  const bare = text.replace(/[\s\u00a0]/g, "");
  if (!bare) return null;
  return PLAIN.test(bare) ? Number(bare.replaceAll(",", "")) : NaN;
}

const figure = (value, decimals) => value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
const cellsOf = (row) => [...row.querySelectorAll("input:not([type=hidden], [type=checkbox], [type=radio]), select, textarea")];

const usable = (row) => row && !row.hidden && cellsOf(row).length > 0;

// The next row up or down that can be typed into, across the bodies of a table.
function neighbour(row, down) {
  const [step, edge] = down > 0 ? ["nextElementSibling", "firstElementChild"] : ["previousElementSibling", "lastElementChild"];
  let next = row;
  do next = next[step] ?? next.parentElement[step]?.[edge] ?? null;
  while (next && !usable(next));
  return next?.closest("tbody") ? next : null;
}

function go(grid, cell, down, across) {
  const row = cell.closest("tr");
  const target = down ? neighbour(row, down) : row;
  const into = target && cellsOf(target)[cellsOf(row).indexOf(cell) + across];
  if (!into) return false;
  into.focus();
  into.select?.();
  return true;
}

document.addEventListener("keydown", (event) => {
  const cell = event.target;
  const grid = cell.closest?.("[data-grid]");
  if (!grid || event.isComposing || event.altKey || event.ctrlKey || event.metaKey || !cell.matches("input, select")) return;
  const moved =
    event.key === "Enter" ? (go(grid, cell, event.shiftKey ? -1 : 1, 0), true)
    : cell.matches("select, [type=date]") ? false
    : event.key === "ArrowDown" ? go(grid, cell, 1, 0)
    : event.key === "ArrowUp" ? go(grid, cell, -1, 0)
    : event.key === "ArrowRight" && atEnd(cell, "selectionStart", cell.value?.length) ? go(grid, cell, 0, 1)
    : event.key === "ArrowLeft" && atEnd(cell, "selectionEnd", 0) ? go(grid, cell, 0, -1)
    : false;
  if (moved) event.preventDefault();
});

function atEnd(cell, edge, place) {
  return cell.selectionStart === cell.selectionEnd ? cell[edge] === place : false;
}

// A block copied from a spreadsheet fills cells to the right and downward from here.
document.addEventListener("paste", (event) => {
  const cell = event.target;
  const grid = cell.closest?.("[data-grid]");
  const text = event.clipboardData?.getData("text/plain").replace(/\r\n?/g, "\n").replace(/\n$/, "") ?? "";
  if (!grid || !/[\t\n]/.test(text) || cell.matches("textarea")) return;
  event.preventDefault();
  const column = cellsOf(cell.closest("tr")).indexOf(cell);
  let count = 0;
  let target = null;
  text.split("\n").forEach((line, down) => {
    target = down ? target && (neighbour(target, 1) ?? oneMore(grid)) : cell.closest("tr");
    if (!target) return;
    line.split("\t").forEach((value, across) => {
      const into = cellsOf(target)[column + across];
      if (into && put(into, value.trim())) count += 1;
    });
  });
  grid.dispatchEvent(new Event("input", { bubbles: true }));
  say(grid, words.pasted?.replace("{count}", count) ?? "");
});

function oneMore(grid) {
  const need = new CustomEvent("grid:need-line", { bubbles: true, detail: {} });
  grid.dispatchEvent(need);
  return need.detail.line ?? null;
}

function put(cell, value) {
  if (cell.disabled || cell.readOnly) return false;
  const shows = cell.closest(".apart") && cell.form?.querySelector("[data-apart]");
  if (shows && value) shows.checked = true; // nothing is filled in unseen
  if (cell.matches("select")) {
    const option = [...cell.options].find((one) => [one.value, one.text.trim()].includes(value));
    if (!option) return false;
    cell.value = option.value;
  } else cell.value = value;
  check(cell);
  return true;
}

function say(grid, text) {
  let line = grid.parentElement.querySelector("[data-grid-said]");
  if (!line) {
    line = Object.assign(document.createElement("p"), { className: "sub" });
    line.dataset.gridSaid = "";
    line.setAttribute("role", "status");
    grid.after(line);
  }
  line.textContent = text;
}

function check(cell) {
  if (!cell.matches("[data-number], [inputmode=decimal], [inputmode=numeric]")) return;
  const wrong = Number.isNaN(parse(cell.value));
  if (wrong) {
    cell.setAttribute("aria-invalid", "true");
    cell.title = words.notANumber ?? "";
  } else if (cell.hasAttribute("aria-invalid")) {
    cell.removeAttribute("aria-invalid");
    cell.removeAttribute("title");
  }
}

function factor(row, name) {
  const holder = row.querySelector(`[data-${name}]`);
  if (!holder) return row.dataset[name] === undefined ? null : Number(row.dataset[name]);
  return holder.matches("input") ? parse(holder.value) : Number(holder.dataset[name]);
}

// What each row comes to is kept, so that typing in one of thousands computes one.
const known = new WeakMap();

function amountOf(row, decimals) {
  const [quantity, price] = [factor(row, "qty"), factor(row, "price")];
  if (quantity === null || price === null || Number.isNaN(quantity) || Number.isNaN(price)) return null;
  const [per, off] = [factor(row, "per") || 1, factor(row, "discount") || 0];
  return Math.round(((quantity * price * (1 - off / 100)) / per) * 10 ** decimals + 1e-7) / 10 ** decimals;
}

function show(row, decimals) {
  const place = row.querySelector("[data-amount]");
  if (!place) return;
  const amount = amountOf(row, decimals);
  known.set(row, amount);
  const text = amount === null ? "–" : figure(amount, decimals);
  if (place.textContent !== text) place.textContent = text;
}

function sum(grid, rows) {
  const decimals = Number(grid.dataset.decimals ?? 2);
  const all = grid.querySelectorAll("tbody tr:not([hidden])");
  for (const row of all) if (!rows || rows.has(row) || !known.has(row)) show(row, decimals);
  let [total, filled] = [0, 0];
  for (const row of all) {
    const amount = known.get(row) ?? null;
    if (amount === null) continue;
    total += amount;
    filled += 1;
  }
  const scope = grid.closest("form") ?? document;
  for (const element of scope.querySelectorAll("[data-total]")) {
    element.textContent = figure(total + Number(element.dataset.rest ?? 0), decimals);
    filled += Number(element.dataset.restFilled ?? 0);
  }
  for (const element of scope.querySelectorAll("[data-filled]:not(tbody)")) element.textContent = filled;
}

// A paste touches many cells; one sum per frame is enough. Rows named are computed anew, or all of them.
const waiting = new Map();
function later(grid, row) {
  if (!waiting.has(grid)) {
    waiting.set(grid, new Set());
    requestAnimationFrame(() => {
      const rows = waiting.get(grid);
      waiting.delete(grid);
      sum(grid, rows.has(null) ? null : rows);
    });
  }
  waiting.get(grid).add(row ?? null);
}

document.addEventListener("input", (event) => {
  const grid = event.target.closest?.("[data-grid]");
  if (!grid) return;
  if (event.target !== grid) check(event.target);
  later(grid, event.target.closest("tbody tr"));
});
document.addEventListener("change", (event) => {
  const grid = event.target.closest?.("[data-grid]");
  if (grid && !event.target.matches("input:not([type=checkbox])")) later(grid);
});

// A grid that comes back refused holds what was typed, not what is stored: its sums are those of the page.
for (const grid of document.querySelectorAll("[data-grid]:has([aria-invalid=true])")) later(grid);
