// Keys and focus. Pages work without it: it only helps. No script is made from text, and nothing is fetched.

// What a key does: its words for the list under "?", and where it leads. A page adds its own by data-key on links and buttons.
// Keys rest in text fields, and none changes anything: a key follows a link or moves the focus.
const KEYS = new Map([
  ["?", { words: "Show the keys of this page", run: () => toggleKeys() }],
  ["g", { words: "Go to the start page", run: () => follow('.brand') }],
  ["/", { words: "To the search field", run: () => focusOn('[role="search"] input:not([type="hidden"])') }],
  ["n", { words: "Next", run: () => follow('[data-key="next"]') }],
  ["p", { words: "Previous", run: () => follow('[data-key="previous"]') }],
  ["o", { words: "Open: go on where you left off, or begin with the first", on: '[data-key="open"]' }],
  ["f", { words: "To the facts", on: '[data-key="facts"]' }],
  ["e", { words: "To what the run found", on: '[data-key="evidence"]' }],
  ["m", { words: "To the map", on: '[data-key="map"]' }],
  ["v", { words: "To your first view", on: '[data-key="view"]' }],
  ["d", { words: "To your decision", on: '[data-key="decide"]' }],
]);

const dialog = document.getElementById("keys");

function isWriting(target) {
  return target instanceof HTMLElement
    && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

function follow(selector) {
  const link = document.querySelector(selector);
  if (link instanceof HTMLAnchorElement) link.click();
  else if (link instanceof HTMLElement) link.focus();
}

function focusOn(selector) {
  const found = document.querySelector(selector);
  if (found instanceof HTMLElement) found.focus();
}

function toggleKeys() {
  if (!(dialog instanceof HTMLDialogElement)) return;
  if (dialog.open) { dialog.close(); return; }
  const list = dialog.querySelector("[data-keys]");
  list.replaceChildren();
  for (const [key, { words, on }] of KEYS) {
    if (on && !document.querySelector(on)) continue; // not on this page
    const name = document.createElement("dt");
    const kbd = document.createElement("kbd");
    kbd.textContent = key;
    name.append(kbd);
    const said = document.createElement("dd");
    said.textContent = words;
    list.append(name, said);
  }
  dialog.showModal();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isWriting(event.target)) return;
  const found = KEYS.get(event.key);
  if (!found || (dialog && dialog.open && event.key !== "?")) return;
  event.preventDefault();
  if (found.on) follow(found.on);
  else found.run();
});

// After a refused form, begin at what is wrong.
focusOn("[data-focus]");
