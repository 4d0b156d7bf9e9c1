// The serial line in a terminal of 80 by 24, which is what a guest takes it for; the type fits the window.

import { run, stage } from "./page.js";
import { offerKeys, takeHeld } from "./touch.js";
import { Terminal } from "../vendor/xterm/lib/xterm.mjs";

const COLUMNS = 80;
const ROWS = 24;
const LEAST = 6;
const MOST = 20;
const STEP = 0.5;
const KEYS = { Escape: "\x1b", Tab: "\t" };
const ARROWS = { ArrowUp: "A", ArrowDown: "B", ArrowRight: "C", ArrowLeft: "D" };
const CONTROL = 0x1f;

const style = getComputedStyle(document.body);
const terminal = new Terminal({
  cols: COLUMNS,
  rows: ROWS,
  scrollback: 5000,
  cursorBlink: true,
  fontFamily: style.getPropertyValue("--mono"),
  theme: { background: rgb(style.backgroundColor), foreground: "#e6eaf0" },
});
const encoder = new TextEncoder();
const hint = document.getElementById("hint");
const copier = document.getElementById("copy");
let socket;

terminal.open(stage);
document.fonts.ready.then(fit);
fit();
new ResizeObserver(fit).observe(stage);
terminal.focus();

terminal.onData((text) => send(encoder.encode(text.length === 1 && takeHeld().has("ControlLeft") ? control(text) : text)));
terminal.onBinary((text) => send(Uint8Array.from(text, (character) => character.charCodeAt(0))));
terminal.onSelectionChange(() => { copier.disabled = !terminal.hasSelection(); });
terminal.attachCustomKeyEventHandler((event) => {
  const copies = event.ctrlKey && event.shiftKey && event.code === "KeyC";
  if (!copies) return !(event.ctrlKey && event.shiftKey && event.code === "KeyV"); // the browser's own paste
  if (event.type === "keydown") copy();
  event.preventDefault();
  return false;
});
copier.addEventListener("click", copy);
offerKeys((key) => send(encoder.encode(KEYS[key] ?? arrow(key))), () => terminal.focus());

run({
  attach(made) {
    socket = made;
    hint.hidden = false;
    socket.addEventListener("message", (event) => {
      hint.hidden ||= event.data.byteLength > 0;
      terminal.write(new Uint8Array(event.data));
    });
  },
  detach() {
    hint.hidden = true;
  },
  type: (text) => terminal.paste(text),
  focus: () => terminal.focus(),
});

function send(bytes) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(bytes);
}

function control(text) {
  return String.fromCharCode(text.toUpperCase().charCodeAt(0) & CONTROL);
}

function arrow(key) {
  return `\x1b${terminal.modes.applicationCursorKeysMode ? "O" : "["}${ARROWS[key]}`;
}

// By the event of copying, which xterm.js answers: without TLS there is no clipboard but this.
function copy() {
  if (terminal.hasSelection()) {
    terminal.focus();
    document.execCommand("copy");
  }
}

// A colour of the page as xterm.js reads them.
function rgb(colour) {
  const context = document.createElement("canvas").getContext("2d");
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  const [red, green, blue] = context.getImageData(0, 0, 1, 1).data;
  return `rgb(${red}, ${green}, ${blue})`;
}

function fit() {
  const screen = stage.querySelector(".xterm-screen");
  const now = terminal.options.fontSize;
  const around = parseFloat(getComputedStyle(stage.querySelector(".xterm")).paddingLeft) * 2;
  const wide = (stage.clientWidth - around) / screen.clientWidth;
  const high = (stage.clientHeight - around) / screen.clientHeight;
  const size = Math.floor((now * Math.min(wide, high)) / STEP) * STEP;
  const chosen = Math.max(LEAST, Math.min(MOST, size));
  if (chosen !== now) terminal.options.fontSize = chosen;
}
