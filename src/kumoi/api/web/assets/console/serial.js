// The serial line in a terminal of 80 by 24, which is what a guest takes it for; the type fits the window.

import { connect, offerPaste, stage } from "./page.js";
import { Terminal } from "../vendor/xterm/lib/xterm.mjs";

const COLUMNS = 80;
const ROWS = 24;
const LEAST = 6;
const MOST = 20;

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

terminal.open(stage);
fit();
addEventListener("resize", fit);
terminal.focus();

const socket = connect();
const send = (text) => socket.readyState === WebSocket.OPEN && socket.send(encoder.encode(text));
terminal.onData(send);
terminal.onBinary((text) => socket.readyState === WebSocket.OPEN && socket.send(Uint8Array.from(text, (c) => c.charCodeAt(0))));
socket.addEventListener("message", (event) => terminal.write(new Uint8Array(event.data)));
socket.addEventListener("open", () => {
  offerPaste((text) => send(text.replaceAll(/\r?\n/g, "\r")), () => terminal.focus());
});

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
  const wide = (stage.clientWidth - 40) / screen.clientWidth;
  const high = (stage.clientHeight - 30) / screen.clientHeight;
  terminal.options.fontSize = Math.max(LEAST, Math.min(MOST, Math.floor(now * Math.min(wide, high))));
}
