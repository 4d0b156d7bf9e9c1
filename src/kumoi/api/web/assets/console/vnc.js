// The guest's screen, by RFB.

import { run, stage } from "./page.js";
import { keyboard } from "./keyboards.js";
import { offerKeys, takeHeld } from "./touch.js";
import RFB from "../vendor/novnc/core/rfb.js";

const KEYSYMS = {
  Enter: 0xff0d, Tab: 0xff09, Escape: 0xff1b, Backspace: 0xff08, ArrowLeft: 0xff51, ArrowUp: 0xff52, ArrowRight: 0xff53,
  ArrowDown: 0xff54, ControlLeft: 0xffe3, AltLeft: 0xffe9, ShiftLeft: 0xffe1,
};
const UNICODE = 0x01000000;
const BETWEEN_MS = 30;
const LAYOUT = "kumoi.keyboard";

const keys = document.getElementById("keys");
const layout = document.getElementById("layout");
const pad = document.getElementById("pad"); // what brings up a phone's keyboard
const touching = matchMedia("(pointer: coarse)");
let rfb;
let typing = Promise.resolve();

keys.addEventListener("click", () => {
  rfb.sendCtrlAltDel();
  rfb.focus();
});
layout.value = localStorage.getItem(LAYOUT) ?? layout.value;
layout.addEventListener("change", () => localStorage.setItem(LAYOUT, layout.value));
offerKeys(press, focus);
pad.addEventListener("input", (event) => {
  if (event.isComposing) return;
  if (event.inputType === "deleteContentBackward") press("Backspace");
  else type(event.inputType === "insertLineBreak" ? "\n" : (event.data ?? pad.value));
  refill();
});
pad.addEventListener("compositionend", (event) => {
  type(event.data);
  refill();
});

run({
  attach(socket) {
    rfb = new RFB(stage, socket, { shared: true });
    rfb.scaleViewport = true;
    rfb.background = "transparent";
    rfb.addEventListener("connect", () => rfb.focus());
  },
  detach() {
    stage.replaceChildren(); // what RFB leaves
  },
  type,
  focus,
});

function focus() {
  if (touching.matches) pad.focus();
  else rfb?.focus();
}

// Something to delete, or a phone's keyboard does not tell that its user deletes.
function refill() {
  pad.value = "\u00a0";
}

function type(text) {
  const known = keyboard(layout.value);
  for (const character of text) {
    const key = known.get(character);
    const symbol = (key && KEYSYMS[key.code]) ?? keysym(character);
    later(symbol, key?.code ?? null, [...takeHeld(), ...(key?.shifted ? ["ShiftLeft"] : [])]);
  }
}

function press(code) {
  later(KEYSYMS[code], code, [...takeHeld()]);
}

// One after the other and not all at once: a guest's keyboard has a short memory.
function later(symbol, code, held) {
  typing = typing.then(() => {
    chord(symbol, code, held);
    return new Promise((resolve) => setTimeout(resolve, BETWEEN_MS));
  });
}

function chord(symbol, code, held) {
  for (const one of held) rfb.sendKey(KEYSYMS[one], one, true);
  rfb.sendKey(symbol, code);
  for (const one of held.reverse()) rfb.sendKey(KEYSYMS[one], one, false);
}

function keysym(character) {
  const code = character.codePointAt(0);
  return code < 0x100 ? code : UNICODE | code;
}
