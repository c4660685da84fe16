"use strict";
for (const box of document.querySelectorAll(".table")) {
  const table = box.querySelector("table"), body = table.tBodies[0];
  const filter = box.querySelector("input"), heads = [...table.tHead.rows[0].cells];
  const few = 15;
  let isFolded = body.rows.length > few + 5;
  const more = document.createElement("button");
  more.className = "more";
  more.type = "button";

  const show = () => {
    const words = filter ? filter.value.toLowerCase().split(/\s+/).filter(Boolean) : [];
    let n = 0;
    for (const row of body.rows) {
      const text = [...row.cells].map((cell) => cell.textContent).join(" ").toLowerCase();
      const isWanted = words.every((word) => text.includes(word));
      n += isWanted ? 1 : 0;
      row.hidden = !isWanted || (isFolded && n > few);
    }
    more.hidden = n <= few + 5;
    more.textContent = isFolded ? `Show all ${n} rows` : `Show ${few} rows`;
  };

  const compare = (column, sign) => (one, other) => {
    const a = one.cells[column], b = other.cells[column];
    const x = a.dataset.v, y = b.dataset.v;
    if (x !== undefined && y !== undefined) return sign * (Number(x) - Number(y));
    if (x !== undefined || y !== undefined) return x === undefined ? 1 : -1;
    return sign * a.textContent.localeCompare(b.textContent, undefined, { numeric: true });
  };

  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const isNumber = head.classList.contains("n"), was = head.getAttribute("aria-sort");
      const isUp = was ? was === "descending" : !isNumber;
      heads.forEach((each) => each.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", isUp ? "ascending" : "descending");
      body.append(...[...body.rows].sort(compare(column, isUp ? 1 : -1)));
      show();
    });
  });

  if (filter) filter.addEventListener("input", show);
  more.addEventListener("click", () => { isFolded = !isFolded; show(); });
  box.querySelector(".scroll").after(more);
  show();
}
