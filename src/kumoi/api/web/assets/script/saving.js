// Forms whose answer is a file that is given once (data-saved), and files that fill a field (data-read-into).

import { toast } from "./dialogs.js";
import { say } from "./words.js";

const KEEP_MS = 10_000;

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-saved]");
  if (!form) return;
  event.preventDefault();
  const button = form.querySelector("[type=submit]");
  if (button.disabled) return;
  button.disabled = true;
  try {
    const body = new URLSearchParams(new FormData(form));
    const answer = await fetch(form.action, { method: "POST", body, headers: { "hx-request": "true", accept: "text/html" } });
    await taken(form, answer);
  } catch {
    toast(say("live.lost"), "bad");
  } finally {
    button.disabled = false;
  }
});

// The file, or the form with what was wrong with it, or a word on why there is neither.
async function taken(form, answer) {
  const trigger = answer.headers.get("hx-trigger");
  const name = /filename="([^"]+)"/.exec(answer.headers.get("content-disposition") ?? "")?.[1];
  if (name) save(name, await answer.blob());
  else if (answer.headers.get("hx-redirect")) location.assign(answer.headers.get("hx-redirect"));
  else if (!trigger) again(form, await answer.text());
  told(trigger);
}

// What the server has the page do (HX-Trigger), for answers that htmx did not fetch.
export function told(trigger) {
  for (const [event, detail] of Object.entries(trigger ? JSON.parse(trigger) : {})) {
    document.dispatchEvent(new CustomEvent(event, { detail }));
  }
}

// The form as it came back.
export function again(form, html) {
  const place = form.parentElement;
  place.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
  htmx.process(place);
  place.querySelector("[aria-invalid], input:not([type=hidden])")?.focus();
}

function save(name, blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEEP_MS);
}

document.addEventListener("change", async (event) => {
  const input = event.target.closest?.("input[data-read-into]");
  if (!input?.files.length) return;
  document.getElementById(input.dataset.readInto).value = await input.files[0].text();
});
