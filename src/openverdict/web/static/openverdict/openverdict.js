// Keys and focus. Pages work without it: it only helps. No script is made from text, and nothing is fetched.

// Which key is for what stands in the page (#key-map), as the person set it: a page offers one by data-key on a link or a field.
// Keys rest in text fields, and none changes anything: a key follows a link or moves the focus, and never presses a button.
const told = JSON.parse(document.getElementById("key-map")?.textContent || '{"on": false, "keys": []}');
const PLACES = new Map([
  ["start", ".brand"],
  ["search", '[role="search"] input:not([type="hidden"])'],
]);
const dialog = document.getElementById("keys");
let cameFrom = null; // where the focus was before the keys were shown

function placeOf(name) {
  return document.querySelector(PLACES.get(name) || `[data-key="${name}"]`);
}

function isWriting(target) {
  return target instanceof HTMLElement
    && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

function go(place) {
  if (place instanceof HTMLAnchorElement) place.click();
  else if (place instanceof HTMLElement) place.focus();
}

function toggleKeys() {
  if (!(dialog instanceof HTMLDialogElement)) return;
  if (dialog.open) { dialog.close(); return; }
  const list = dialog.querySelector("[data-keys]");
  list.replaceChildren();
  for (const { name, key, words } of told.keys) {
    if (name !== "keys" && !placeOf(name)) continue; // not on this page
    const term = document.createElement("dt");
    const kbd = document.createElement("kbd");
    kbd.textContent = key;
    term.append(kbd);
    const said = document.createElement("dd");
    said.textContent = words;
    list.append(term, said);
  }
  cameFrom = document.activeElement;
  dialog.showModal();
  document.getElementById("keys-title").focus(); // at its beginning, and not on the link at its end
}

dialog?.addEventListener("close", () => {
  const back = cameFrom instanceof HTMLElement && cameFrom !== document.body ? cameFrom : document.getElementById("main");
  back?.focus({ preventScroll: true });
});

document.addEventListener("keydown", (event) => {
  if (!told.on || event.repeat || event.isComposing) return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isWriting(event.target)) return;
  const found = told.keys.find(({ key }) => key === event.key);
  if (!found || (dialog && dialog.open && found.name !== "keys")) return;
  if (found.name === "keys") { event.preventDefault(); toggleKeys(); return; }
  const place = placeOf(found.name);
  if (!place) return;
  event.preventDefault();
  go(place);
});

// After a refused form, begin at what is wrong.
const first = document.querySelector("[data-focus]");
if (first instanceof HTMLElement) first.focus();
