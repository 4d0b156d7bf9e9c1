// One dialog and the toasts. A dialog's content comes from the server; it opens when something was put into it.

import { say } from "./words.js";

const dialog = document.getElementById("dialog");
const TOAST_MS = 6000;

document.addEventListener("htmx:after:swap", (event) => {
  if (event.detail.ctx?.target !== dialog) return;
  if (!dialog.childElementCount) dialog.close();
  else if (!dialog.open) dialog.showModal();
  dialog.querySelector("[aria-invalid]")?.focus(); // a form that came back: what was wrong
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-close]") || event.target === dialog) dialog?.close();
});

dialog?.addEventListener("close", () => dialog.replaceChildren());

// Sent by the server in HX-Trigger.
document.addEventListener("closeDialog", () => dialog?.close());
document.addEventListener("toast", (event) => toast(event.detail.text ?? event.detail.value, event.detail.tone));

// What never reached the server, or came back broken, is told too.
document.addEventListener("htmx:error", (event) => {
  if (event.detail.ctx && !event.detail.ctx.response) toast(say("live.lost"), "bad");
});

export function toast(text, tone = "good") {
  const place = document.getElementById("toasts");
  const box = document.createElement("div");
  box.className = `toast ${tone}`;
  const words = document.createElement("p");
  words.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "toast-close";
  close.setAttribute("aria-label", say("close"));
  close.textContent = "×";
  close.addEventListener("click", () => box.remove());
  box.append(words, close);
  place.append(box);
  dress(box);
}

// Who points at a toast, reads it: it stays so long.
function dress(box) {
  let timer = setTimeout(() => box.remove(), TOAST_MS);
  box.addEventListener("mouseenter", () => clearTimeout(timer));
  box.addEventListener("mouseleave", () => (timer = setTimeout(() => box.remove(), TOAST_MS / 2)));
}

for (const box of document.querySelectorAll("#toasts .toast")) dress(box);
