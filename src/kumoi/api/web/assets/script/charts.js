// Charts of numbers that go on. The library comes only here; colours are the page's own, read anew when they change.

const PAUSE_MS = 10000;
const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3]]; // curves differ by more than colour
const root = document.querySelector("[data-charts]");
const plots = new Map();
let last = null;

function load(address) {
  return new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = done;
    script.onerror = failed;
    document.head.append(script);
  });
}

function colour(name) {
  // A canvas knows no light-dark(): the browser works it out on an element.
  const probe = document.createElement("span");
  probe.hidden = true;
  probe.className = "probe";
  probe.style.color = `var(--${name})`;
  root.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

export function quantity(value, unit) {
  if (value === null || value === undefined) return "–";
  if (unit === "%") return `${value > 0 && value < 10 ? value.toFixed(1) : value.toFixed(0)} %`;
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let place = 0;
  while (value >= 1024 && place < units.length - 1) {
    value /= 1024;
    place += 1;
  }
  const text = value < 100 ? value.toFixed(1).replace(/\.0$/, "") : value.toFixed(0);
  return `${text} ${units[place]}${unit === "B/s" ? "/s" : ""}`;
}

// Steps of bytes are powers of two, so that the scale says whole numbers of KiB and MiB.
function steps(unit) {
  if (unit === "%") return [5, 10, 20, 25, 50];
  return Array.from({ length: 45 }, (_, n) => 2 ** n);
}

function options(panel, width, height) {
  const text = colour("ink-faint");
  const line = colour("line");
  const font = `12px ${getComputedStyle(document.body).fontFamily}`;
  const axis = { stroke: text, font, grid: { stroke: line, width: 1 }, ticks: { show: false } };
  return {
    width,
    height,
    padding: [10, 12, 0, 0],
    cursor: { drag: { x: false, y: false }, points: { size: 7 } },
    legend: { show: false },
    scales: { y: { range: (_, least, most) => [0, panel.most ?? Math.max(most * 1.15, panel.unit === "B/s" ? 1024 : 1)] } },
    axes: [
      { ...axis, grid: { show: false }, size: 34, gap: 10, space: 70, values: clock },
      { ...axis, size: 72, incrs: steps(panel.unit), values: (_, at) => at.map((v) => quantity(v, panel.unit)) },
    ],
    series: [
      {},
      ...panel.curves.map((curve, n) => ({
        label: curve.label,
        stroke: colour(`curve-${(n % 4) + 1}`),
        width: 2,
        dash: DASHES[n % DASHES.length],
        points: { show: false },
        spanGaps: false,
      })),
    ],
    hooks: { setCursor: [(plot) => legend(panel, plot.cursor.idx)] },
  };
}

function clock(plot, at) {
  const span = plot.scales.x.max - plot.scales.x.min;
  const how = span > 3 * 86400 ? { month: "short", day: "numeric" } : { hour: "2-digit", minute: "2-digit" };
  const format = new Intl.DateTimeFormat(document.documentElement.lang, how);
  return at.map((seconds) => format.format(new Date(seconds * 1000)));
}

function legend(panel, index) {
  const list = root.querySelector(`[data-legend="${panel.key}"]`);
  const values = (curve) => (index === null || index === undefined ? curve.now : curve.values[index]);
  list.replaceChildren(...panel.curves.map((curve, n) => {
    const item = document.createElement("li");
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const line = document.createElementNS("http://www.w3.org/2000/svg", "line");
    svg.setAttribute("viewBox", "0 0 16 4");
    for (const [key, to] of Object.entries({ x1: 1, y1: 2, x2: 15, y2: 2 })) line.setAttribute(key, to);
    line.setAttribute("stroke", colour(`curve-${(n % 4) + 1}`));
    line.setAttribute("stroke-dasharray", DASHES[n % DASHES.length].map((d) => d / 1.6).join(" "));
    svg.append(line);
    const number = document.createElement("b");
    number.textContent = quantity(values(curve), panel.unit);
    item.append(svg, `${curve.label} `, number);
    return item;
  }));
}

function numbers(panel) {
  const table = document.getElementById(`numbers-${panel.key}`);
  panel.curves.forEach((curve, n) => {
    for (const cell of table?.querySelectorAll(`[data-curve="${n}"] [data-number]`) ?? []) {
      cell.textContent = quantity(curve[cell.dataset.number], panel.unit);
    }
  });
}

function draw(told, anew) {
  last = told;
  for (const panel of told.panels) {
    const place = root.querySelector(`[data-panel="${panel.key}"]`);
    if (!place) {
      if (panel.curves.length) location.reload(); // the first numbers of a guest that has just begun
      continue;
    }
    const data = [panel.curves[0]?.values.map((_, n) => told.since + n * told.step) ?? [], ...panel.curves.map((c) => c.values)];
    const known = plots.get(panel.key);
    if (known && (anew || known.series.length !== data.length)) {
      known.destroy();
      plots.delete(panel.key);
    }
    if (plots.has(panel.key)) plots.get(panel.key).setData(data);
    else plots.set(panel.key, new uPlot(options(panel, place.clientWidth, place.clientHeight), data, place));
    legend(panel, null);
    numbers(panel);
  }
}

async function renew() {
  if (document.hidden) return;
  const answer = await fetch(root.dataset.charts, { headers: { accept: "application/json" } });
  if (answer.ok) draw(await answer.json(), false);
}

if (root) {
  await load(root.dataset.plot);
  await renew();
  setInterval(() => renew().catch(() => {}), PAUSE_MS);
  document.addEventListener("visibilitychange", () => renew().catch(() => {}));
  new ResizeObserver(() => {
    for (const [key, plot] of plots) {
      const place = root.querySelector(`[data-panel="${key}"]`);
      plot.setSize({ width: place.clientWidth, height: place.clientHeight });
    }
  }).observe(root);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => last && draw(last, true));
}
