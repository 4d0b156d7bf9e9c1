// The stream of names of what changed, one for all tabs of a browser: a shared worker holds it, because a browser opens
// no more than six connections to a place, and a seventh tab would load no page any more.

export const STREAM = "/feed";
const RETRY_MS = 1500;
const RETRY_MOST_MS = 15_000;
const KEPT = 100; // messages for a page that was made just before it came to listen

// `since`: the number of the last event that the first listener's page knew. `tell(message)`: {names, seq}, {all} after
// a gap, {state: "on" | "lost" | "switched" | "ended"}. Returns what ends it.
export function listen(since, tell) {
  let source = null;
  let last = since;
  let delay = RETRY_MS;
  let lost = false;
  let stopped = false;
  let timer = 0;

  function open() {
    clearTimeout(timer);
    source = new EventSource(`${STREAM}?since=${encodeURIComponent(last)}`);
    source.addEventListener("open", () => {
      delay = RETRY_MS;
      tell({ state: "on" });
      if (lost) tell({ all: true }); // not all that happens is an event with a number
      lost = false;
    });
    source.addEventListener("names", (event) => {
      last = event.lastEventId || last;
      tell({ names: JSON.parse(event.data), seq: Number(last) });
    });
    source.addEventListener("all", (event) => {
      last = event.lastEventId || last;
      tell({ all: true });
    });
    for (const end of ["switched", "ended"]) {
      source.addEventListener(end, () => {
        stop();
        tell({ state: end });
      });
    }
    source.addEventListener("error", () => {
      // Ours to repeat: the browser gives up for good on an answer that is no stream, such as a proxy's of its own.
      source.close();
      if (stopped) return;
      lost = true;
      tell({ state: "lost" });
      timer = setTimeout(open, delay);
      delay = Math.min(delay * 1.6, RETRY_MOST_MS);
    });
  }

  function stop() {
    stopped = true;
    clearTimeout(timer);
    source?.close();
  }

  open();
  return stop;
}

// --- as a shared worker ---------------------------------------------------------------------------------------------

if (typeof SharedWorkerGlobalScope !== "undefined" && self instanceof SharedWorkerGlobalScope) {
  const ports = new Set();
  const kept = [];
  let state = null;
  let begun = false;

  const tell = (message) => {
    if (message.state) state = message;
    if (message.names) kept.push(message);
    if (kept.length > KEPT) kept.shift();
    for (const port of ports) port.postMessage(message);
  };
  const heard = (port, message) => {
    if (message === "bye") return ports.delete(port);
    ports.add(port);
    if (!begun) {
      begun = true;
      return listen(message.since, tell);
    }
    if (state) port.postMessage(state);
    for (const one of kept) if (one.seq > Number(message.since)) port.postMessage(one);
  };
  self.addEventListener("connect", (event) => {
    const port = event.ports[0];
    port.addEventListener("message", (said) => heard(port, said.data));
    port.start();
  });
}
