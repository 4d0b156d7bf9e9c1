// The guest's screen, by RFB.

import { connect, offerPaste, stage } from "./page.js";
import RFB from "../vendor/novnc/core/rfb.js";

const ENTER = 0xff0d;
const TAB = 0xff09;
const UNICODE = 0x01000000;
const BETWEEN_MS = 10;

const socket = connect();
const rfb = new RFB(stage, socket, { shared: true });
rfb.scaleViewport = true;
rfb.background = "transparent";
rfb.addEventListener("connect", () => {
  offerPaste(type, () => rfb.focus());
  const keys = document.getElementById("keys");
  keys.disabled = false;
  keys.addEventListener("click", () => {
    rfb.sendCtrlAltDel();
    rfb.focus();
  });
  rfb.focus();
});

// Key by key and not all at once: a guest's keyboard has a short memory.
async function type(text) {
  for (const character of text.replaceAll(/\r?\n/g, "\n")) {
    rfb.sendKey(keysym(character), null);
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS));
  }
}

function keysym(character) {
  if (character === "\n") return ENTER;
  if (character === "\t") return TAB;
  const code = character.codePointAt(0);
  return code < 0x100 ? code : UNICODE | code;
}
