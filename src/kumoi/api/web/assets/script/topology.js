// The picture of networks: its size, and moving it by the mouse. Fingers, wheels and keys scroll its frame by themselves.

const STEP = 1.25;
const LEAST = 0.3;
const MOST = 2.5;
const READABLE = 0.62; // a picture is not made smaller than this by itself
let zoom = 0; // 0: as it fits
let held = null;

const frame = () => document.querySelector(".topology-frame");
const picture = () => document.getElementById("picture");

function fitting() {
  const room = frame().clientWidth;
  return Math.min(1, room / Number(picture().dataset.width));
}

function high() {
  const room = parseFloat(getComputedStyle(frame()).maxHeight) - parseFloat(getComputedStyle(frame()).paddingTop);
  return room / Number(picture().dataset.height);
}

function show() {
  const shown = picture();
  if (!shown) return;
  const factor = zoom || Math.max(fitting(), READABLE);
  shown.setAttribute("width", Math.round(Number(shown.dataset.width) * factor));
  shown.setAttribute("height", Math.round(Number(shown.dataset.height) * factor));
}

function change(way) {
  const now = zoom || Math.max(fitting(), READABLE);
  zoom = way === "fit" ? Math.max(LEAST, Math.min(fitting(), high())) : Math.min(MOST, Math.max(LEAST, way === "in" ? now * STEP : now / STEP));
  show();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-zoom]");
  if (button) change(button.dataset.zoom);
  if (held?.moved && event.target.closest(".topology-frame")) event.preventDefault(); // it was moved, not followed
  held = null;
});

document.addEventListener("wheel", (event) => {
  if (!event.ctrlKey || !event.target.closest?.(".topology-frame")) return;
  event.preventDefault();
  change(event.deltaY < 0 ? "in" : "out");
}, { passive: false });

document.addEventListener("keydown", (event) => {
  if (!event.target.closest?.(".topology-frame") || event.ctrlKey || event.metaKey) return;
  const way = { "+": "in", "-": "out", 0: "fit" }[event.key];
  if (way) change(way);
});

document.addEventListener("pointerdown", (event) => {
  const area = event.target.closest?.(".topology-frame");
  if (!area || event.pointerType !== "mouse" || event.button !== 0) return;
  held = { area, x: event.clientX, y: event.clientY, left: area.scrollLeft, top: area.scrollTop, moved: false };
});

document.addEventListener("pointermove", (event) => {
  if (!held || !(event.buttons & 1)) return;
  const dx = event.clientX - held.x;
  const dy = event.clientY - held.y;
  if (Math.abs(dx) + Math.abs(dy) > 5) held.moved = true;
  if (!held.moved) return;
  held.area.classList.add("is-held");
  held.area.scrollTo(held.left - dx, held.top - dy);
});

document.addEventListener("pointerup", () => document.querySelector(".is-held")?.classList.remove("is-held"));
document.addEventListener("dragstart", (event) => event.target.closest?.(".picture") && event.preventDefault());
document.addEventListener("htmx:after:swap", show); // a renewed picture has its own size again
addEventListener("resize", show);
show();
