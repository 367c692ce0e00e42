// After a refused form the list of errors is read first; on a phone a strip of places or tabs shows where we are.
document.querySelector("[data-focus]")?.focus();
for (const strip of document.querySelectorAll(".places, .tabs")) {
  const here = strip.querySelector("[aria-current]");
  if (here && strip.scrollWidth > strip.clientWidth) strip.scrollLeft = here.offsetLeft - strip.offsetLeft - 24;
}
