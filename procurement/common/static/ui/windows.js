// Lines that come window by window while one scrolls: a window far from what is seen is let go, one row of the same
// height stands for it, and it is fetched again when it comes near. So the page holds a few windows, however many lines.
//   data-window         on a tbody: where its rows are fetched again
//   data-window-said    on the same: which lines these are, written where they were
const changed = (field) => (field.matches("[type=checkbox], [type=radio]") ? field.checked !== field.defaultChecked : field.value !== field.defaultValue);

// The window one types in, and both beside it, so that Tab and the arrows find the next line; and what is not saved yet.
function stays(body) {
  return [body.previousElementSibling, body, body.nextElementSibling].some((one) => one?.contains(document.activeElement))
    || Boolean(body.querySelector(".htmx-request, [aria-invalid=true], .error"))
    || [...body.querySelectorAll("input, textarea")].some(changed);
}

// Columns would else grow narrower with the widest cell gone.
function holdWidths({ tHead }) {
  for (const head of tHead.rows[0].cells) head.style.minWidth = `${head.offsetWidth}px`;
}

function letGo(body) {
  const [row, cell] = [document.createElement("tr"), document.createElement("td")];
  row.style.height = `${body.offsetHeight}px`;
  cell.colSpan = body.rows[0].cells.length;
  cell.className = "muted";
  cell.textContent = body.dataset.windowSaid;
  row.append(cell);
  holdWidths(body.closest("table"));
  body.dataset.gone = "";
  body.replaceChildren(row);
}

// Each asks in its own name: htmx lets requests of one element wait for each other, and forgets all but the last.
function fetchAgain(body) {
  if (body.ariaBusy) return;
  body.ariaBusy = "true";
  const over = () => (body.ariaBusy = null);
  htmx.ajax("GET", body.dataset.window, { source: body, target: body, select: "[data-window]", swap: "outerHTML" }).then(over, over);
}

const far = new Set();
const watch = new IntersectionObserver(look, { root: document.querySelector("[data-window]")?.closest(".scroll"), rootMargin: "200% 0px" });

function look(seen) {
  for (const { target, isIntersecting } of seen) {
    if (!isIntersecting) far.add(target);
    else if (far.delete(target) && "gone" in target.dataset) fetchAgain(target);
  }
  tidy();
}

function tidy() {
  for (const body of far) {
    if (!body.isConnected) far.delete(body), watch.unobserve(body);
    else if (!("gone" in body.dataset) && !stays(body)) letGo(body);
  }
}

for (const body of document.querySelectorAll("[data-window]")) watch.observe(body);
document.addEventListener("htmx:load", ({ target }) => target.matches("[data-window]") && watch.observe(target));
document.addEventListener("focusin", tidy); // what was typed into may go now
