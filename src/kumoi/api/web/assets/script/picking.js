// Rows that are picked for one action on all of them.

import { say } from "./words.js";

function picks(form) {
  return [...form.querySelectorAll("[data-pick]")];
}

function tell(form) {
  const all = picks(form);
  const picked = all.filter((box) => box.checked);
  const head = form.querySelector("[data-pick-all]");
  if (head) {
    head.checked = all.length > 0 && picked.length === all.length;
    head.indeterminate = picked.length > 0 && picked.length < all.length;
  }
  for (const box of all) box.closest("tr")?.classList.toggle("is-picked", box.checked);
  const bar = form.querySelector("[data-bulk]");
  if (!bar) return;
  bar.hidden = picked.length === 0;
  const count = bar.querySelector("[data-bulk-count]");
  if (count) count.textContent = say("list.selected", { n: picked.length });
}

document.addEventListener("change", (event) => {
  const form = event.target.closest?.("form[data-picking]");
  if (!form) return;
  if (event.target.matches("[data-pick-all]")) for (const box of picks(form)) box.checked = event.target.checked;
  tell(form);
});

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-unpick]")) return;
  const form = event.target.closest("form[data-picking]");
  for (const box of picks(form)) box.checked = false;
  tell(form);
});

document.addEventListener("htmx:after:settle", () => {
  for (const form of document.querySelectorAll("form[data-picking]")) tell(form);
});
document.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-picking]")) tell(form);
});
