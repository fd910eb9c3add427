"use strict";
for (const button of document.querySelectorAll("th button")) {
  button.addEventListener("click", () => sortBy(button.closest("th")));
}

// Numbers go by data-value, words as people order them; rows without a value stay last.
function sortBy(heading) {
  const body = heading.closest("table").tBodies[0];
  const column = heading.cellIndex;
  const isNumber = heading.classList.contains("number");
  const before = heading.getAttribute("aria-sort");
  const ascends = before ? before === "descending" : !isNumber;
  const value = (row) => isNumber ? row.cells[column].dataset.value : row.cells[column].textContent;
  const order = (a, b) => isNumber ? a - b : a.localeCompare(b, undefined, { numeric: true });
  const rows = [...body.rows].sort((first, second) => {
    const [a, b] = [value(first), value(second)];
    if (a === undefined || b === undefined) return (a === undefined) - (b === undefined);
    return ascends ? order(a, b) : order(b, a);
  });
  body.append(...rows);
  for (const other of heading.parentElement.cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", ascends ? "ascending" : "descending");
}

// Charts: Plotly draws them where it can; the pictures that stand here already are for paper and
// for browsers in which it fails.
function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

// Plotly takes a key for given even where its value is undefined.
function painted(trace) {
  const own = trace.meta === undefined ? colour("--quiet") : colour(`--series-${trace.meta}`);
  const shown = { ...trace, line: { ...trace.line, color: own } };
  for (const part of ["marker", "error_x", "error_y"]) {
    if (trace[part]) shown[part] = { ...trace[part], color: own };
  }
  return shown;
}

function themed(layout) {
  const axis = (given) => ({
    ...given,
    title: { ...given.title, standoff: 8 },
    gridcolor: colour("--line"),
    zeroline: false,
    automargin: true,
  });
  return {
    ...layout,
    xaxis: axis(layout.xaxis),
    yaxis: axis(layout.yaxis),
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: "system-ui, sans-serif", color: colour("--quiet") },
    hoverlabel: { bgcolor: colour("--soft"), font: { color: colour("--ink") } },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: colour("--quiet"), activecolor: colour("--ink") },
    margin: { l: 10, r: 10, t: 30, b: 10 },
  };
}

// Recall by its distance from 1 on a logarithmic scale: from 0.9 to 0.99 is as far as to 0.999. What
// is exact stands half as far from 1 as the best that is not.
function stretched({ traces, layout }) {
  const missed = traces.flatMap((trace) => trace.x.map((recall) => 1 - recall));
  const least = Math.min(0.1, ...missed.filter((share) => share > 1e-9)) / 2;
  const place = (recall) => -Math.log10(Math.max(1 - recall, least));
  const moved = (trace) => {
    const arms = (side, sign) => trace.x.map((recall, at) =>
      Math.abs(place(recall + sign * trace.error_x[side][at]) - place(recall)));
    const whiskers = trace.error_x &&
      { error_x: { ...trace.error_x, array: arms("array", 1), arrayminus: arms("arrayminus", -1) } };
    return { ...trace, x: trace.x.map(place), ...whiskers };
  };
  const ticks = [0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9999];
  const named = [...ticks.filter((recall) => 1 - recall > 1.5 * least), 1];
  const xaxis = { ...layout.xaxis, tickvals: named.map(place), ticktext: named.map(String) };
  return { traces: traces.map(moved), layout: { ...layout, xaxis } };
}

function asChosen(figure) {
  const drawing = JSON.parse(figure.querySelector("script").textContent);
  const isStretched = "k" in figure.dataset && chosen("recall-axis") === "stretched";
  return isStretched ? stretched(drawing) : drawing;
}

function draw(figure) {
  const { traces, layout } = asChosen(figure);
  const options = { displaylogo: false, responsive: true, modeBarButtonsToRemove: ["select2d", "lasso2d"] };
  return Plotly.react(figure.querySelector(".live"), traces.map(painted), themed(layout), options);
}

// A chart is as wide as its place, which it must have before it is drawn.
async function drawInPlace(figure) {
  figure.classList.add("alive");
  try {
    await draw(figure);
    figure.classList.add("drawn");
  } catch (error) {
    figure.classList.remove("alive");
    throw error;
  }
}

// Charts that are not chosen are drawn when they are: hidden ones have no width.
function drawAll() {
  for (const figure of document.querySelectorAll("figure:not([hidden]):not(.drawn)")) drawInPlace(figure);
}

function drawAnew() {
  if (!window.Plotly) return;
  for (const figure of document.querySelectorAll("figure.drawn")) figure.classList.remove("drawn");
  drawAll();
}

function chosen(name) {
  const choice = document.querySelector(`input[name="${name}"]:checked`);
  return choice ? choice.value : "";
}

function choose() {
  const [mode, k] = [chosen("mode"), chosen("k")];
  const isOther = (own, wanted) => Boolean(own && wanted && own !== wanted);
  for (const figure of document.querySelectorAll("figure[data-mode]")) {
    figure.hidden = isOther(figure.dataset.mode, mode) || isOther(figure.dataset.k, k);
  }
  if (window.Plotly) drawAll();
}

for (const choice of document.querySelectorAll(".choices input")) {
  const isAxis = choice.name === "recall-axis";
  choice.addEventListener("change", isAxis ? drawAnew : choose);
}

// The text of the file is part of the page.
for (const button of document.querySelectorAll("button[data-file]")) {
  button.addEventListener("click", () => {
    const link = document.createElement("a");
    const text = JSON.parse(button.nextElementSibling.textContent);
    link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    link.download = button.dataset.file;
    link.click();
  });
}

if (window.Plotly) {
  drawAll();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAnew);
}
