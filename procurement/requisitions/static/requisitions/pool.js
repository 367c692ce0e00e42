// The pool: a box in a group's or item's row ticks all lines below it; the dock says what is picked and what it may cost.
const form = document.querySelector("form[data-pool]");
const boxes = () => [...form.querySelectorAll('input[name="line"]')];
const below = (box) => boxes().filter((one) => one.closest("tr").matches(`[data-${box.dataset.picks}="${box.value}"]`));
const plain = (text) => Number(text.replace(/[\s,\u00a0]/g, ""));

function sum() {
  const picked = boxes().filter((box) => box.checked);
  const totals = new Map();
  for (const box of picked) {
    const row = box.closest("tr");
    const quantity = plain(row.querySelector("[data-left]").value);
    if (Number.isNaN(quantity)) continue;
    const { currency } = row.dataset;
    totals.set(currency, (totals.get(currency) ?? 0) + quantity * Number(row.dataset.price));
  }
  const amounts = [...totals].map(([currency, total]) => `${currency} ${total.toLocaleString("en-US", { maximumFractionDigits: 2, minimumFractionDigits: 2 })}`);
  form.querySelector("[data-picked]").textContent = picked.length;
  form.querySelector("[data-estimate]").textContent = amounts.join(" + ") || "–";
  for (const box of form.querySelectorAll("[data-picks]")) {
    const lines = below(box);
    const ticked = lines.filter((one) => one.checked).length;
    box.checked = ticked > 0 && ticked === lines.length;
    box.indeterminate = ticked > 0 && ticked < lines.length;
  }
}

if (form) {
  for (const box of form.querySelectorAll("[data-picks]")) box.hidden = false;
  form.addEventListener("change", (event) => {
    const box = event.target;
    if (box.matches("[data-picks]")) for (const line of below(box)) line.checked = box.checked;
    // a quantity that is typed is meant to be taken
    if (box.matches("[data-left]")) box.closest("tr").querySelector('input[name="line"]').checked = true;
    sum();
  });
  form.addEventListener("input", (event) => event.target.matches("[data-left]") && sum());
  sum();
}
