// Text to the clipboard or into a file.

import { say } from "./words.js";
import { toast } from "./dialogs.js";

document.addEventListener("click", async (event) => {
  const copier = event.target.closest("[data-copy]");
  if (copier) {
    await copy(copier.dataset.copy);
    copier.dataset.done = "yes";
    setTimeout(() => delete copier.dataset.done, 1500);
    return toast(say("copied"));
  }
  const saver = event.target.closest("[data-download]");
  if (saver) save(saver.dataset.download, saver.closest(".code").querySelector("code").textContent);
});

async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Without TLS there is no clipboard but this.
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "unseen";
  (document.querySelector("dialog[open]") ?? document.body).append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

function save(name, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
