// What both consoles have: the websocket behind this page's address, opened anew when it breaks; how it stands; full
// screen; typing a text.

const AGAIN_MS = [500, 1000, 2000, 4000];
const SECRET_BYTES = 32;
// Asking again by itself changes nothing: the link is not good, who opened it may not, the instance is gone.
const FINAL = new Set([4401, 4403, 4404]);
// It would take the line from somebody, or break again for the same reason: a person decides.
const ASK_FIRST = new Set([4408, 4423, 4429]);

const body = document.body;
export const stage = document.getElementById("stage");
const end = document.getElementById("end");
const trouble = document.getElementById("trouble");

// Elements of style that scripts make are let in by the page's nonce only, and xterm.js knows none.
const nonce = document.querySelector("script[nonce]").nonce;
const create = document.createElement.bind(document);
document.createElement = (name, options) => {
  const made = create(name, options);
  if (name === "style") made.nonce = nonce;
  return made;
};

// The token goes to the websocket and nowhere else: not into the history, not into what is copied from the bar. With
// it goes a secret of this page: by both together the console is opened again, which the link alone does once.
const address = new URL(location.href);
address.protocol = address.protocol.replace("http", "ws");
address.searchParams.set("again", secret());
history.replaceState(null, "", location.pathname);

let guest;
let tries = 0;
let timer;

// `guest.attach(socket)` is given each websocket once host and guest are there, `guest.detach()` told when it has ended;
// `guest.type(text)` types into the guest, `guest.focus()` puts the keyboard there.
export function run(one) {
  guest = one;
  open();
  offerPaste();
}

function joined(socket) {
  trouble.hidden = true;
  tell("open", body.dataset.open);
  guest.attach(socket);
}

function open() {
  clearTimeout(timer);
  end.hidden = true;
  if (body.dataset.state !== "connecting") tell("connecting", body.dataset.connecting);
  const socket = new WebSocket(address, "binary");
  socket.binaryType = "arraybuffer";
  socket.addEventListener("message", (event) => {
    if (event.data.byteLength) tries = 0;
    else joined(socket); // that is what an empty message says
  });
  socket.addEventListener("close", (event) => closed(event.code, event.reason));
}

function closed(code, reason) {
  guest.detach();
  const why = reason || body.dataset.lost;
  if (FINAL.has(code) || ASK_FIRST.has(code)) return over(why, ASK_FIRST.has(code));
  tell("connecting", body.dataset.again);
  document.getElementById("trouble-text").textContent = why;
  trouble.hidden = false;
  timer = setTimeout(() => document.hidden || open(), AGAIN_MS[Math.min(tries, AGAIN_MS.length - 1)]);
  tries += 1;
}

function over(why, may) {
  tell("ended", body.dataset.ended);
  trouble.hidden = true;
  document.getElementById("why").textContent = why;
  document.getElementById("reopen").hidden = !may;
  document.getElementById("renew").hidden = may;
  end.hidden = false;
}

function tell(state, text) {
  body.dataset.state = state;
  document.getElementById("status-text").textContent = text;
  for (const button of document.querySelectorAll("[data-guest]")) button.disabled = state !== "open";
}

function now() {
  if (!document.hidden && body.dataset.state === "connecting" && !trouble.hidden) open();
}

function offerPaste() {
  const dialog = document.getElementById("typing");
  const typed = document.getElementById("typed");
  document.getElementById("paste").addEventListener("click", () => {
    typed.value = "";
    dialog.showModal();
    typed.focus();
  });
  dialog.addEventListener("close", () => {
    if (dialog.returnValue === "type" && typed.value) guest.type(typed.value.replaceAll(/\r\n?/g, "\n"));
    dialog.returnValue = "";
    guest.focus();
  });
}

function secret() {
  const bytes = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

document.addEventListener("visibilitychange", now);
addEventListener("online", now);
document.getElementById("reopen").addEventListener("click", () => {
  tries = 0;
  open();
  guest.focus();
});
const full = document.getElementById("full");
full.hidden = !document.fullscreenEnabled;
full.addEventListener("click", async () => {
  if (document.fullscreenElement) await document.exitFullscreen();
  else await document.documentElement.requestFullscreen();
  guest.focus();
});
document.addEventListener("fullscreenchange", () => full.setAttribute("aria-pressed", String(Boolean(document.fullscreenElement))));
