// What both consoles have: the websocket behind this page's address, how it stands, full screen, and typing a text.

const body = document.body;
const stage = document.getElementById("stage");
const why = document.getElementById("why");

// Elements of style that scripts make are let in by the page's nonce only, and xterm.js knows none.
const nonce = document.querySelector("script[nonce]").nonce;
const create = document.createElement.bind(document);
document.createElement = (name, options) => {
  const made = create(name, options);
  if (name === "style") made.nonce = nonce;
  return made;
};

// The token goes to the websocket and nowhere else: not into the history, not into what is copied from the bar.
const address = new URL(location.href);
address.protocol = address.protocol.replace("http", "ws");
history.replaceState(null, "", location.pathname);

export { stage };

export function connect() {
  const socket = new WebSocket(address, "binary");
  socket.binaryType = "arraybuffer";
  socket.addEventListener("open", () => tell("open", body.dataset.open));
  socket.addEventListener("close", (event) => {
    tell("ended", body.dataset.ended);
    why.textContent = event.reason || body.dataset.lost;
    document.getElementById("end").hidden = false;
    for (const button of document.querySelectorAll("#paste, #keys")) button.disabled = true;
  });
  return socket;
}

function tell(state, text) {
  body.dataset.state = state;
  document.getElementById("status-text").textContent = text;
}

// `type` is given a text to be typed into the guest; `focus` puts the keyboard back there.
export function offerPaste(type, focus) {
  const dialog = document.getElementById("typing");
  const typed = document.getElementById("typed");
  const button = document.getElementById("paste");
  button.disabled = false;
  button.addEventListener("click", () => {
    typed.value = "";
    dialog.showModal();
    typed.focus();
  });
  dialog.addEventListener("close", () => {
    if (dialog.returnValue === "type" && typed.value) type(typed.value);
    dialog.returnValue = "";
    focus();
  });
}

document.getElementById("full").addEventListener("click", () => {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen();
});
