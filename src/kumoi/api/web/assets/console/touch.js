// Keys that a phone's keyboard has not, as a row of buttons. Ctrl and Alt stay down for one key.

const row = document.getElementById("touch");
const held = new Set();

// `press(key)` is given the key's name, as KeyboardEvent.code has it; what is held is in `takeHeld`.
export function offerKeys(press, focus) {
  row.addEventListener("pointerdown", (event) => event.preventDefault()); // the keyboard stays where it is
  row.addEventListener("click", (event) => {
    const button = event.target.closest("[data-key]");
    if (!button) return;
    if (button.hasAttribute("aria-pressed")) hold(button, !held.has(button.dataset.key));
    else if (button.dataset.key !== "Keyboard") press(button.dataset.key);
    focus();
  });
}

// What was held until now; it is let go.
export function takeHeld() {
  const taken = new Set(held);
  for (const button of row.querySelectorAll("[aria-pressed='true']")) hold(button, false);
  return taken;
}

function hold(button, on) {
  button.setAttribute("aria-pressed", String(on));
  if (on) held.add(button.dataset.key);
  else held.delete(button.dataset.key);
}
