// <input data-suggest="/catalog/items/search/" list="…">: items that match are offered while typing; the one that is
// taken fills the cells of its line that say data-from="…" and are still empty.
const known = new Map();
let timer = 0;
let asked = "";

document.addEventListener("input", (event) => {
  const cell = event.target;
  if (!cell.matches?.("[data-suggest]")) return;
  const item = known.get(cell.value.trim().toLowerCase());
  if (item) fill(cell, item);
  clearTimeout(timer);
  timer = setTimeout(() => suggest(cell), 180);
});

async function suggest(cell) {
  const text = cell.value.trim();
  if (text.length < 2 || text === asked) return;
  asked = text;
  const address = new URL(cell.dataset.suggest, location.href);
  address.searchParams.set("q", text);
  try {
    const response = await fetch(address, { headers: { Accept: "application/json" } });
    if (response.ok && cell.value.trim() === text) show(cell, (await response.json()).items);
  } catch {
    asked = ""; // typing goes on without suggestions
  }
}

function show(cell, items) {
  const options = items.map((item) => {
    known.set(item.code.toLowerCase(), item);
    return Object.assign(document.createElement("option"), {
      value: item.code,
      label: [item.label, item.specification].filter(Boolean).join(" · "),
    });
  });
  cell.list?.replaceChildren(...options);
  const exact = known.get(cell.value.trim().toLowerCase());
  if (exact) fill(cell, exact);
}

function fill(cell, item) {
  for (const other of cell.closest("tr")?.querySelectorAll("[data-from]") ?? []) {
    const value = item[other.dataset.from];
    if (!value || (other.value && other.dataset.filled !== other.value)) continue; // what was typed stays
    if (other.dataset.from === "price" && item.currency !== cell.form?.elements.currency?.value) continue;
    other.value = value;
    other.dataset.filled = value;
    other.dispatchEvent(new Event("input", { bubbles: true }));
  }
}
