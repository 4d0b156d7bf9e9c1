// A log that follows: who is at its end stays there, who reads further up is left alone.

let atEnd = true;

function pre() {
  return document.querySelector("[data-log] pre");
}

function down() {
  const log = pre();
  if (log && atEnd) log.scrollTop = log.scrollHeight;
}

document.addEventListener("scroll", (event) => {
  if (event.target === pre()) atEnd = event.target.scrollHeight - event.target.scrollTop - event.target.clientHeight < 40;
}, true);
document.addEventListener("htmx:after:settle", down);
down();
