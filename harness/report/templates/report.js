(() => {
  "use strict";

  // The specifications have no width: it is that of their place on the page.
  const draw = async (place) => {
    const spec = JSON.parse(document.getElementById(`chart-${place.dataset.chart}`).textContent);
    spec.width = place.clientWidth;
    const { view } = await vegaEmbed(place, spec, { actions: false, renderer: "svg" });
    new ResizeObserver(() => {
      if (place.clientWidth && place.clientWidth !== view.width()) view.width(place.clientWidth).runAsync();
    }).observe(place);
  };

  const sort = (table, column) => {
    const header = table.tHead.rows[0].cells[column];
    const down = header.getAttribute("aria-sort") === "ascending";
    for (const cell of table.tHead.rows[0].cells) cell.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", down ? "descending" : "ascending");
    const key = (row) => {
      const cell = row.cells[column];
      const value = cell.dataset.value;
      if (value === undefined) return cell.textContent.trim().toLowerCase();
      return value === "" ? null : Number(value);
    };
    const rows = [...table.tBodies[0].rows].map((row) => [key(row), row]);
    rows.sort(([a], [b]) => {
      if (a === null || b === null) return (a === null) - (b === null); // what is not known stays last
      const order = typeof a === "number" ? a - b : a.localeCompare(b, undefined, { numeric: true });
      return down ? -order : order;
    });
    table.tBodies[0].append(...rows.map(([, row]) => row));
  };

  for (const table of document.querySelectorAll("table.sortable")) {
    [...table.tHead.rows[0].cells].forEach((cell, column) => {
      cell.querySelector("button").addEventListener("click", () => sort(table, column));
    });
  }

  const select = document.getElementById("board");
  if (select) {
    const show = () => {
      for (const board of document.querySelectorAll(".board")) {
        board.classList.toggle("away", board.dataset.board !== select.value);
      }
    };
    // A link can name the board: report.html#desk-1
    const named = document.querySelector(`.board[aria-label="${CSS.escape(decodeURIComponent(location.hash.slice(1)))}"]`);
    if (named) select.value = named.dataset.board;
    select.addEventListener("change", show);
    show();
  }

  Promise.all([...document.querySelectorAll("[data-chart]")].map(draw)).then(
    () => { document.documentElement.dataset.charts = "drawn"; },
    (error) => { console.error(`chart failed: ${error}`); },
  );
})();
