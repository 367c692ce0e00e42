// After each autosave the server's own sums replace what the browser has added up.
document.addEventListener("autosave:saved", (event) => {
  const { sums } = event.detail;
  if (!sums) return;
  for (const element of document.querySelectorAll("[data-sum]")) element.textContent = sums[element.dataset.sum] ?? "";
  const meter = document.querySelector("[data-meter]");
  if (meter) meter.value = Number(sums.filled);
});

// Once time is up nothing more can be saved; what was typed stays on the screen.
document.addEventListener("countdown:over", () => {
  for (const button of document.querySelectorAll("#bid button")) button.disabled = true;
});
