// "3 min ago", renewed while one looks; by the rules of formats.py.

import { say } from "./words.js";

const RENEW_MS = 15_000;

export function age(seconds) {
  if (seconds < 60) return say("ago.now");
  if (seconds < 3600) return say("ago.m", { n: Math.floor(seconds / 60) });
  if (seconds < 86400) return say("ago.h", { n: Math.floor(seconds / 3600) });
  return say("ago.d", { n: Math.floor(seconds / 86400) });
}

function renew() {
  if (document.hidden) return;
  for (const time of document.querySelectorAll("[data-ago]")) {
    const text = age(Date.now() / 1000 - Number(time.dataset.ago));
    if (time.textContent !== text) time.textContent = text;
  }
}

setInterval(renew, RENEW_MS);
document.addEventListener("visibilitychange", renew);
