// The price grid of a bid: lines come as they are scrolled to or pasted into; after a save the server's own sums,
// amounts and remarks replace what the browser has added up.
const grid = document.querySelector("[data-windows]");
const foot = grid?.querySelector("tfoot [data-total]");
let coming = null;

// The next lines, appended below; what they add up to is then no longer "the rest".
function more() {
  if (!grid?.dataset.next) return null;
  coming ??= fetchRows().finally(() => (coming = null));
  return coming;
}

async function fetchRows() {
  const response = await fetch(`${location.pathname}${grid.dataset.next}&rows=1`, { redirect: "manual" });
  if (!response.ok) throw new Error(response.status);
  const parsed = new DOMParser().parseFromString(await response.text(), "text/html");
  const body = parsed.querySelector("tbody");
  grid.dataset.next = response.headers.get("X-Next") ?? "";
  foot.dataset.rest = Number(foot.dataset.rest) - Number(body.dataset.net);
  foot.dataset.restFilled = Number(foot.dataset.restFilled) - Number(body.dataset.filled);
  grid.querySelector("tbody:last-of-type").after(document.adoptNode(body));
  watch();
}

const seen = new IntersectionObserver((entries) => {
  if (entries.some((entry) => entry.isIntersecting)) more()?.catch(() => {});
}, { rootMargin: "600px" });

function watch() {
  seen.disconnect();
  const last = grid?.querySelector("tbody:last-of-type tr:last-child");
  if (last && grid.dataset.next) seen.observe(last);
}
watch();

// A column longer than what is here: its lines are fetched first, then it is pasted as any other.
document.addEventListener("paste", async (event) => {
  const cell = event.target;
  if (!grid?.contains(cell) || !grid.dataset.next) return;
  const text = event.clipboardData?.getData("text/plain") ?? "";
  const rows = [...grid.querySelectorAll("tbody tr")];
  const wanted = text.split("\n").length + rows.indexOf(cell.closest("tr"));
  if (wanted <= rows.length) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  while (grid.dataset.next && grid.querySelectorAll("tbody tr").length < wanted) await more();
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
