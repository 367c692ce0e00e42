// A grid to type or paste into. Sums are for the eye only: the server computes what counts.
//   data-grid           the frame around a table
//   data-number         on an input: figures only
//   data-qty, data-price (or data-multiply on a row's cells)  factors of the row's amount; data-amount shows it
//   data-total          on an element anywhere: the sum of all data-amount in the grid with that id (data-total="grid-id")
const words = JSON.parse(document.querySelector('meta[name="words"]')?.content || "{}");
const PLAIN = /^-?(\d{1,15}|\d{1,3}(,\d{3})+)(\.\d{1,6})?$/;

export function parse(text) {
  const bare = text.replace(/[\s\u00a0]/g, "");
  if (!bare) return null;
  return PLAIN.test(bare) ? Number(bare.replaceAll(",", "")) : NaN;
}

const figure = (value, decimals) => value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
const cellsOf = (row) => [...row.querySelectorAll("input:not([type=hidden], [type=checkbox], [type=radio]), select, textarea")];
const rowsOf = (grid) => [...grid.querySelectorAll("tbody tr:not([hidden])")].filter((row) => cellsOf(row).length);

function position(grid, cell) {
  const rows = rowsOf(grid);
  const row = rows.indexOf(cell.closest("tr"));
  return { rows, row, column: row < 0 ? -1 : cellsOf(rows[row]).indexOf(cell) };
}

function go(grid, cell, down, across) {
  const { rows, row, column } = position(grid, cell);
  const target = rows[row + down] && cellsOf(rows[row + down])[column + across];
  if (!target) return false;
  target.focus();
  target.select?.();
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
  const { row, column } = position(grid, cell);
  let count = 0;
  text.split("\n").forEach((line, down) => {
    const target = rowAt(grid, row + down);
    if (!target) return;
    line.split("\t").forEach((value, across) => {
      const into = cellsOf(target)[column + across];
      if (into && put(into, value.trim())) count += 1;
    });
  });
  grid.dispatchEvent(new Event("input", { bubbles: true }));
  say(grid, words.pasted?.replace("{count}", count) ?? "");
});

function rowAt(grid, index) {
  const row = rowsOf(grid)[index];
  if (row) return row;
  const need = new CustomEvent("grid:need-line", { bubbles: true, detail: {} });
  grid.dispatchEvent(need);
  return need.detail.line ?? null;
}

function put(cell, value) {
  if (cell.disabled || cell.readOnly) return false;
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

function sum(grid) {
  const decimals = Number(grid.dataset.decimals ?? 2);
  let total = 0;
  let filled = 0;
  for (const row of rowsOf(grid)) {
    const shown = row.querySelector("[data-amount]");
    if (!shown) continue;
    const [quantity, price] = [factor(row, "qty"), factor(row, "price")];
    const known = quantity !== null && price !== null && !Number.isNaN(quantity) && !Number.isNaN(price);
    const per = factor(row, "per") || 1;
    const amount = known ? Math.round((quantity * price * 10 ** decimals) / per + 1e-7) / 10 ** decimals : null;
    shown.textContent = known ? figure(amount, decimals) : "–";
    total += amount ?? 0;
    filled += known ? 1 : 0;
  }
  const scope = grid.closest("form") ?? document;
  for (const element of scope.querySelectorAll("[data-total]")) element.textContent = figure(total, decimals);
  for (const element of scope.querySelectorAll("[data-filled]")) element.textContent = filled;
}

const waiting = new Map();
function later(grid) {
  // A paste touches many cells; one sum per frame is enough.
  if (waiting.has(grid)) return;
  waiting.set(grid, requestAnimationFrame(() => (waiting.delete(grid), sum(grid))));
}

document.addEventListener("input", (event) => {
  const grid = event.target.closest?.("[data-grid]");
  if (!grid) return;
  if (event.target !== grid) check(event.target);
  later(grid);
});
document.addEventListener("change", (event) => {
  const grid = event.target.closest?.("[data-grid]");
  if (grid) later(grid);
});
