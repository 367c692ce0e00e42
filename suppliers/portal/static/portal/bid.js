// The price grid of a bid: a pasted column goes on beyond the lines of this page; after a save the server's own sums,
// amounts and remarks replace what the browser has added up.
const grid = document.querySelector("[data-windows]");
const foot = grid?.querySelector("tfoot [data-total]");
const here = grid?.dataset.next;
const rows = () => [...grid.querySelectorAll("tbody tr")];

// The next windows, appended below; what they add up to is then no longer "the rest".
async function more(windows) {
  const response = await fetch(`${location.pathname}${grid.dataset.next}&rows=${windows}`, { redirect: "manual" });
  if (!response.ok) throw new Error(response.status);
  const parsed = new DOMParser().parseFromString(await response.text(), "text/html");
  const body = parsed.querySelector("tbody");
  grid.dataset.next = response.headers.get("X-Next") ?? "";
  foot.dataset.rest = Number(foot.dataset.rest) - Number(body.dataset.net);
  foot.dataset.restFilled = Number(foot.dataset.restFilled) - Number(body.dataset.filled);
  grid.querySelector("tbody:last-of-type").after(document.adoptNode(body));
}

// Once they are saved they go again: a page of the grid stays quick to type into.
function fewer() {
  for (const body of [...grid.querySelectorAll("tbody")].slice(1).reverse()) {
    if (body.contains(document.activeElement)) return;
    if ([...body.querySelectorAll("input")].some((field) => field.value !== field.defaultValue)) return;
    for (const cell of body.querySelectorAll("[data-amount]")) {
      const amount = Number(cell.textContent.replaceAll(",", ""));
      if (Number.isNaN(amount)) continue;
      foot.dataset.rest = Number(foot.dataset.rest) + amount;
      foot.dataset.restFilled = Number(foot.dataset.restFilled) + 1;
    }
    body.remove();
    grid.dataset.next = here;
  }
}

// A column longer than what is here: its lines are fetched first, then it is pasted as any other.
document.addEventListener("paste", async (event) => {
  const cell = event.target;
  if (!grid?.contains(cell) || !grid.dataset.next) return;
  const text = event.clipboardData?.getData("text/plain") ?? "";
  const missing = text.trimEnd().split("\n").length + rows().indexOf(cell.closest("tr")) - rows().length;
  if (missing <= 0) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  await more(Math.ceil(missing / Number(grid.dataset.windows)));
  const data = new DataTransfer();
  data.setData("text/plain", text);
  cell.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}, true);

function remark(row, errors) {
  for (const field of row.querySelectorAll("input[id]")) {
    const text = errors[field.id];
    let place = document.getElementById(`error-${field.id}`);
    if (text) {
      if (!place) {
        place = Object.assign(document.createElement("span"), { className: "error", id: `error-${field.id}` });
        field.after(place);
      }
      place.textContent = text;
      field.setAttribute("aria-invalid", "true");
      field.setAttribute("aria-describedby", place.id);
    } else if (place || field.hasAttribute("aria-invalid")) {
      place?.remove();
      field.removeAttribute("aria-invalid");
      field.removeAttribute("aria-describedby");
    }
  }
}

document.addEventListener("autosave:saved", (event) => {
  const { sums, lines = {}, errors = {}, checks } = event.detail;
  if (!sums) return;
  for (const element of document.querySelectorAll("[data-sum]")) element.textContent = sums[element.dataset.sum] ?? "";
  const meter = document.querySelector("[data-meter]");
  if (meter) meter.value = Number(sums.filled);
  const left = document.querySelector("[data-missing]");
  if (left && meter) left.textContent = meter.max - Number(sums.filled);
  for (const [key, amount] of Object.entries(lines)) {
    const row = document.getElementById(`line-${key}`);
    if (!row) continue;
    row.querySelector("[data-amount]").textContent = amount;
    remark(row, errors);
  }
  if (grid) fewer();
  const list = document.querySelector("[data-checks]");
  if (list && checks) list.innerHTML = checks; // our own component, escaped by the server
});

// A line of the list leads to its field where that is on the page already.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-checks] a");
  const field = link && document.getElementById(new URL(link.href).hash.slice(1));
  if (!field) return;
  event.preventDefault();
  field.scrollIntoView({ block: "center" });
  field.focus({ preventScroll: true });
});

// Once time is up nothing more can be saved; what was typed stays on the screen.
document.addEventListener("countdown:over", () => {
  for (const button of document.querySelectorAll("#bid button")) button.disabled = true;
});
