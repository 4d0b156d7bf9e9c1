// Popups below what opens them, the menu of a row, the side menu of a narrow window, and a few keys.

const GAP = 6;
let opener = null; // of the row menu, which has no popovertarget: it opens when its items have come

function place(popup, anchor) {
  const at = anchor.getBoundingClientRect();
  const size = popup.getBoundingClientRect();
  const end = popup.dataset.under === "end";
  const left = end ? at.right - size.width : at.left;
  const below = at.bottom + GAP + size.height <= innerHeight || at.top < size.height + GAP;
  popup.style.left = `${Math.max(8, Math.min(left, innerWidth - size.width - 8))}px`;
  popup.style.top = `${Math.max(8, below ? at.bottom + GAP : at.top - GAP - size.height)}px`;
}

function anchorOf(popup) {
  return popup.id === "row-menu" ? opener : document.querySelector(`[popovertarget="${popup.id}"]`);
}

document.addEventListener("toggle", (event) => {
  const popup = event.target;
  if (!(popup instanceof HTMLElement) || !popup.hasAttribute("popover")) return;
  const anchor = anchorOf(popup);
  anchor?.setAttribute("aria-expanded", String(event.newState === "open"));
  if (event.newState === "open" && anchor) {
    place(popup, anchor);
    if (popup.getAttribute("role") === "menu") items(popup)[0]?.focus();
  }
}, true);

document.addEventListener("htmx:after:swap", (event) => {
  const target = event.detail.ctx?.target;
  if (!(target instanceof HTMLElement) || !target.hasAttribute("popover")) return;
  if (target.id === "row-menu") {
    opener = event.detail.ctx.sourceElement;
    target.showPopover();
  }
  const anchor = anchorOf(target);
  if (anchor) place(target, anchor);
});

document.addEventListener("click", (event) => {
  const item = event.target.closest(".menu-item");
  if (item && item.getAttribute("aria-disabled") !== "true") item.closest("[popover]")?.hidePopover();
  const side = event.target.closest("[data-side]");
  if (side) openSide(document.body.dataset.side !== "open", side);
  else if (document.body.dataset.side === "open" && !event.target.closest(".side")) openSide(false);
});

function openSide(open, button = document.querySelector("[data-side]")) {
  document.body.dataset.side = open ? "open" : "";
  button.setAttribute("aria-expanded", String(open));
  if (open) document.querySelector(".side a").focus();
  else button.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && document.body.dataset.side === "open") return openSide(false);
  const menu = event.target.closest?.("[role=menu]");
  if (menu) return move(menu, event);
  const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
    const search = document.querySelector("[data-slash]");
    if (search) {
      event.preventDefault();
      search.focus();
      search.select();
    }
  }
});

function items(menu) {
  return [...menu.querySelectorAll(".menu-item")];
}

function move(menu, event) {
  const all = items(menu);
  const at = all.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  all[(to + all.length) % all.length].focus();
}
