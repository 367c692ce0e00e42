// <form data-autosave-url="…">: typing is sent a moment later, one request at a time, and <… data-saved> says how it went.
// The server answers JSON: {"saved_at": "14:19:52", "revision": 7} with 200; 409 when somebody else was faster;
// 422 {"errors": {"field": ["…"]}} when something cannot be kept. A field named "revision" is carried along.
// With data-partial, rows of a table are sent only when something in them has changed since it was saved.
const words = JSON.parse(document.querySelector('meta[name="words"]')?.content || "{}");
const token = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";
const states = new WeakMap();

function stateOf(form) {
  if (!states.has(form)) states.set(form, { timer: 0, sending: false, dirty: false, stopped: false });
  return states.get(form);
}

function say(form, text, tone) {
  const place = form.querySelector("[data-saved]") ?? document.querySelector(`[data-saved="${form.id}"]`);
  if (!place) return;
  place.textContent = text;
  place.dataset.tone = tone;
}

function schedule(form, wait = Number(form.dataset.autosaveWait ?? 1200)) {
  const state = stateOf(form);
  state.dirty = true;
  clearTimeout(state.timer);
  state.timer = setTimeout(() => save(form), wait);
}

async function save(form) {
  const state = stateOf(form);
  if (state.sending || state.stopped) return;
  state.sending = true;
  state.dirty = false;
  say(form, words.saving, "idle");
  try {
    const [body, sent] = "partial" in form.dataset ? changedIn(form) : [fieldsOf(form), []];
    const response = await fetch(form.dataset.autosaveUrl, {
      method: "POST",
      body,
      headers: { "X-CSRFToken": token(), "X-Requested-With": "autosave", Accept: "application/json" },
      redirect: "manual",
    });
    if (response.ok) for (const [field, value] of sent) field.defaultValue = value;
    await heard(form, state, response);
  } catch {
    say(form, words.failed, "bad");
    state.dirty = true;
    schedule(form, 10000);
  } finally {
    state.sending = false;
    if (state.dirty && !state.stopped) schedule(form);
  }
}

// Files travel with the real submission only.
function fieldsOf(form) {
  const fields = new FormData(form);
  for (const input of form.querySelectorAll("input[type=file]")) if (input.name) fields.delete(input.name);
  return new URLSearchParams(fields);
}

function changedIn(form) {
  const [body, sent] = [new URLSearchParams(), []];
  for (const field of form.elements) {
    if (!field.name || field.disabled || /^(file|submit|button)$/.test(field.type)) continue;
    if (/^(checkbox|radio)$/.test(field.type) && !field.checked) continue;
    if (field.closest("tbody")) {
      if (field.value === field.defaultValue) continue;
      sent.push([field, field.value]);
    }
    body.append(field.name, field.value);
  }
  return [body, sent];
}

async function heard(form, state, response) {
  if (response.ok) {
    const answer = await response.json();
    if (answer.revision !== undefined && form.elements.revision) form.elements.revision.value = answer.revision;
    if (!state.dirty) say(form, words.saved.replace("{time}", answer.saved_at ?? ""), "good");
    form.dispatchEvent(new CustomEvent("autosave:saved", { bubbles: true, detail: answer }));
  } else if (response.status === 422) {
    const answer = await response.json().catch(() => ({}));
    say(form, answer.message ?? words.refused, "wait");
    for (const name of Object.keys(answer.errors ?? {})) form.elements[name]?.setAttribute?.("aria-invalid", "true");
  } else if (response.status === 409) {
    const answer = await response.json().catch(() => ({}));
    state.stopped = true;
    say(form, answer.message ?? words.conflict, "bad");
  } else {
    state.dirty = true;
    say(form, response.type === "opaqueredirect" || response.status === 403 ? words.session : words.failed, "bad");
    schedule(form, 10000);
  }
}

for (const name of ["input", "change"])
  document.addEventListener(name, (event) => {
    const form = event.target.closest?.("form[data-autosave-url]");
    if (form && event.target.form !== form && event.target.form) return; // stands here, belongs to another
    if (form && !stateOf(form).stopped) {
      say(form, words.unsaved, "wait");
      schedule(form);
    }
  });

// The real submission carries everything: nothing more to save, nothing to warn about.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-autosave-url], form[data-guard]")) return;
  const state = stateOf(event.target);
  clearTimeout(state.timer);
  state.dirty = false;
  state.stopped = true;
});
document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[data-guard]:not([data-autosave-url])");
  if (form) stateOf(form).dirty = true;
});
addEventListener("beforeunload", (event) => {
  const open = [...document.querySelectorAll("form[data-autosave-url], form[data-guard]")];
  if (open.some((form) => stateOf(form).dirty || (stateOf(form).sending && !stateOf(form).stopped))) event.preventDefault();
});

// Coming back by the browser's own history: the form may be typed into again.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-autosave-url]")) states.delete(form);
});
