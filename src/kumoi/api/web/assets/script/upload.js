// A file on its way: registered by the form, then sent as it is. XMLHttpRequest, because fetch does not tell how much of
// a body has gone. Whatever goes wrong, or who gives up, leaves no half image behind.

import { again, told } from "./saving.js";

const MAGIC = [[0, "QFI\xfb", "qcow2"], [32769, "CD001", "iso"]];
const LOOKED_AT = 32774;
let sending = null; // {call, gone}: the file under way, and where its image is deleted

document.addEventListener("change", async (event) => {
  const form = event.target.closest?.("form[data-upload]");
  const file = event.target.files?.[0];
  if (!form || !file) return;
  const name = form.elements.name;
  if (!name.value) name.value = file.name.replace(/\.(qcow2|img|raw|iso)$/i, "");
  const head = new TextDecoder("latin1").decode(await file.slice(0, LOOKED_AT).arrayBuffer());
  form.elements.disk_format.value = MAGIC.find(([at, sign]) => head.startsWith(sign, at))?.[2] ?? "raw";
});

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-upload]");
  if (!form) return;
  event.preventDefault();
  const file = form.querySelector("[type=file]").files[0];
  if (!file || sending) return;
  busy(form, true);
  try {
    const body = new URLSearchParams(new FormData(form));
    const answer = await fetch(form.action, { method: "POST", body, headers: { "hx-request": "true" } });
    if (answer.status === 201) return send(form, file, await answer.json());
    if (answer.headers.get("hx-redirect")) return location.assign(answer.headers.get("hx-redirect"));
    if (answer.headers.get("hx-trigger")) refuse(form, sentence(answer.headers.get("hx-trigger")));
    else again(form, await answer.text());
  } catch {
    refuse(form, form.dataset.saysLost);
  }
});

function send(form, file, { file: address, delete: gone }) {
  const call = new XMLHttpRequest();
  const token = form.elements.csrf.value;
  sending = { call, gone: () => fetch(gone, { method: "POST", headers: { "hx-request": "true", "x-csrf-token": token } }) };
  form.querySelector("[data-refusal]").hidden = true;
  form.querySelector("[data-sending-what]").textContent = form.dataset.saysSending;
  form.querySelector("[data-sending]").hidden = false;
  call.open("PUT", address);
  call.setRequestHeader("hx-request", "true");
  call.setRequestHeader("content-type", "application/octet-stream");
  call.setRequestHeader("x-csrf-token", token);
  call.upload.addEventListener("progress", ({ loaded, total }) => show(form, loaded, total));
  call.upload.addEventListener("load", () => (form.querySelector("[data-sending-what]").textContent = form.dataset.saysLooking));
  call.addEventListener("load", () => {
    const trigger = call.getResponseHeader("hx-trigger");
    if (call.status === 204) {
      sending = null;
      told(trigger);
    } else giveUp(form, trigger ? sentence(trigger) : form.dataset.saysLost);
  });
  call.addEventListener("error", () => giveUp(form, form.dataset.saysLost));
  call.send(file);
}

function show(form, loaded, total) {
  const share = total ? (100 * loaded) / total : 0;
  form.querySelector("progress").value = share;
  form.querySelector("[data-sending-text]").textContent = `${Math.floor(share)} % · ${mib(loaded)} / ${mib(total)} MiB`;
}

const mib = (bytes) => (bytes / 1048576).toFixed(bytes < 10485760 ? 1 : 0);
const sentence = (trigger) => JSON.parse(trigger).toast?.text ?? "";

function giveUp(form, why) {
  sending?.gone();
  sending = null;
  if (form.isConnected) refuse(form, why);
}

function refuse(form, why) {
  busy(form, false);
  const box = form.querySelector("[data-refusal]");
  box.querySelector("p").textContent = why;
  box.hidden = false;
  box.scrollIntoView({ block: "nearest" });
}

function busy(form, on) {
  form.querySelector("[data-asked]").inert = on;
  form.querySelector("[type=submit]").disabled = on;
  if (!on) form.querySelector("[data-sending]").hidden = true;
}

document.getElementById("dialog").addEventListener("close", async () => {
  if (!sending) return;
  const { call, gone } = sending;
  sending = null;
  call.abort();
  await gone();
});
addEventListener("beforeunload", (event) => sending && event.preventDefault());
