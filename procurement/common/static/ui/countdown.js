// Counts down by the server's clock: each <time data-now> brings the moment the page was written.
const words = JSON.parse(document.querySelector('meta[name="words"]')?.content || "{}");
const offsets = new WeakMap();
const two = (value) => String(value).padStart(2, "0");

function offsetOf(element) {
  if (!offsets.has(element)) offsets.set(element, Number(element.dataset.now) - performance.now());
  return offsets.get(element);
}

function show(element) {
  const left = Math.max(0, Math.floor((Date.parse(element.dateTime) - performance.now() - offsetOf(element)) / 1000));
  const [d, h, m, s] = [Math.floor(left / 86400), Math.floor(left / 3600) % 24, Math.floor(left / 60) % 60, left % 60];
  if (!left) {
    element.textContent = element.dataset.over || words.over;
    element.dispatchEvent(new CustomEvent("countdown:over", { bubbles: true }));
    delete element.dataset.countdown;
  } else if (d) fill(element, [d, words.day], [two(h), words.hour], [two(m), words.minute]);
  else if (h) fill(element, [h, words.hour], [two(m), words.minute]);
  else fill(element, [two(m), words.minute], [two(s), words.second]);
  if (left < 3600) element.dataset.tone = "bad";
  else if (left < 86400) element.dataset.tone ||= "wait";
}

function fill(element, ...parts) {
  const key = parts.flat().join();
  if (element.dataset.shown === key) return;
  element.dataset.shown = key;
  element.replaceChildren(
    ...parts.flatMap(([figure, unit]) => {
      const bold = document.createElement("b");
      bold.textContent = figure;
      return [bold, `${unit} `];
    }),
  );
}

const tick = () => document.querySelectorAll("time[data-countdown]").forEach(show);
tick();
setInterval(tick, 1000);
document.addEventListener("htmx:afterSettle", tick);
