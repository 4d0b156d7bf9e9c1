// The page follows the cloud. The stream only names what changed; who shows it fetches it anew. A region says what it
// shows by data-live: kinds, or kind/id, apart by blanks.

import { listen } from "./feed.js";
import { say } from "./words.js";

const GAP_MS = 350; // between two renewals of one region; the first is at once
const WIRED_MS = 30;
const { feed, session, project, since } = document.body.dataset;
const waiting = new WeakMap();

function told(message) {
  if (message.all) return renew(() => true);
  if (message.names) {
    const names = new Set(message.names);
    for (const name of message.names) names.add(name.slice(0, name.indexOf("/")));
    document.dispatchEvent(new CustomEvent("kumoi:names", { detail: names }));
    return renew((wanted) => wanted.some((one) => names.has(one)));
  }
  show(message.state);
}

function renew(concerned) {
  for (const region of document.querySelectorAll("[data-live]")) {
    if (concerned(region.dataset.live.split(" "))) soon(region);
  }
}

// At once, and then at most every so often: a burst of changes is one renewal at its begin and one at its end.
function soon(region) {
  const state = waiting.get(region) ?? { next: 0, timer: 0 };
  waiting.set(region, state);
  if (state.timer) return;
  state.timer = setTimeout(() => {
    state.timer = 0;
    if (!region.isConnected) return;
    // Names may come before htmx has wired a page that has just arrived: then nobody would hear of them.
    if (!region.hasAttribute("data-htmx-powered")) {
      state.next = Date.now() + WIRED_MS;
      return soon(region);
    }
    state.next = Date.now() + GAP_MS;
    htmx.trigger(region, "live");
  }, Math.max(0, state.next - Date.now()));
}

function show(state) {
  const sign = document.getElementById("live");
  if (sign) {
    sign.dataset.state = state;
    sign.querySelector(".live-text").textContent = say(state === "lost" ? "live.lost" : "live");
  }
  if (state === "switched" || state === "ended") banner(state);
}

function banner(state) {
  const place = document.getElementById("banner");
  if (!place || place.childElementCount) return;
  const box = document.createElement("div");
  box.className = "notice warn";
  const words = document.createElement("p");
  const name = document.querySelector(".switcher-name")?.textContent.trim() ?? "";
  words.textContent = say(`live.${state}`, { name });
  const link = document.createElement("a");
  link.href = state === "ended" ? "/sign-in" : "/";
  link.className = "button small";
  link.textContent = say("live.reload");
  box.append(words, link);
  place.append(box);
}

// Only a window that is seen needs a stream of its own; when it is seen again, it looks at everything anew.
function alone() {
  let stop = null;
  const follow = () => {
    if (document.hidden) {
      stop?.();
      stop = null;
    } else if (!stop) {
      stop = listen(since, told);
      renew(() => true);
    }
  };
  document.addEventListener("visibilitychange", follow);
  if (!document.hidden) stop = listen(since, told);
}

function shared() {
  const worker = new SharedWorker(feed, { type: "module", name: `${session}/${project}` });
  worker.port.addEventListener("message", (event) => told(event.data));
  worker.port.start();
  worker.port.postMessage({ since });
  addEventListener("pagehide", () => worker.port.postMessage("bye"));
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  worker.addEventListener("error", alone, { once: true });
}

if (feed) {
  if (typeof SharedWorker === "undefined") alone();
  else shared();
}
