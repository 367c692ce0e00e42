// Suggests colleagues while a name is typed; the list comes from the server, as data-source of the page says.
const list = document.getElementById("colleagues");
let waiting;

document.addEventListener("input", (event) => {
  const field = event.target.closest?.("[data-colleague]");
  if (!field || !list) return;
  clearTimeout(waiting);
  const typed = field.value.split(/[;；]/).pop().trim();
  if (!typed || typed.includes("<")) return;
  waiting = setTimeout(async () => {
    const oneself = "oneself" in field.dataset ? "&oneself" : "";
    const answer = await fetch(`${list.dataset.source}?q=${encodeURIComponent(typed)}${oneself}`, { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const before = field.value.slice(0, field.value.length - field.value.split(/[;；]/).pop().length);
    list.replaceChildren(...(await answer.json()).map((text) => Object.assign(document.createElement("option"), { value: before + text })));
  }, 200);
});
