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
