// After a refused form the list of errors is read first; a phone's strip of places shows where we are.
document.querySelector("[data-focus]")?.focus();
const here = document.querySelector(".places [aria-current]");
const strip = here?.parentElement;
if (strip && strip.scrollWidth > strip.clientWidth) strip.scrollLeft = here.offsetLeft - strip.clientWidth / 2;
