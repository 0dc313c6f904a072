// Tables that sort and search, figures that are saved. No character here needs escaping in XML.
"use strict";
(() => {
  const key = (row, column) => {
    const cell = row.cells[column], value = cell.dataset.value;
    const words = cell.textContent.trim();
    if (value !== undefined) return { number: Number(value), words };
    return { number: NaN, words: words === "–" ? "" : words };
  };
  const compare = (a, b) => {
    if (Number.isNaN(a.number) !== Number.isNaN(b.number)) return Number.isNaN(a.number) ? 1 : -1;
    if (Number.isNaN(a.number)) return a.words.localeCompare(b.words, "en", { numeric: true });
    return a.number - b.number;
  };
  const sortable = (table, rows) => {
    const body = table.tBodies[0], heads = Array.from(table.tHead.rows[0].cells);
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.title = "sort by this column";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        // Up, down, and back to the order of the report.
        const next = { ascending: "descending", descending: "" }[head.getAttribute("aria-sort")];
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        const order = next === undefined ? "ascending" : next;
        const sorted = rows.map((row) => ({ row, key: key(row, column) }));
        if (order !== "") {
          head.setAttribute("aria-sort", order);
          const sign = order === "ascending" ? 1 : -1;
          const absent = (entry) => entry.key.words === "" || entry.key.words === "–";
          sorted.sort((a, b) => (absent(a) - absent(b)) || sign * compare(a.key, b.key));
        }
        body.append(...sorted.map((entry) => entry.row));
      });
    });
  };
  const searchable = (box, rows) => {
    let tools = box.querySelector(".tools");
    if (!tools) {
      tools = document.createElement("p");
      tools.className = "tools";
      box.append(tools);
    }
    const input = document.createElement("input"), shown = document.createElement("output");
    input.type = "search";
    input.placeholder = "search rows";
    input.setAttribute("aria-label", "Search the rows of this table");
    input.addEventListener("input", () => {
      const words = input.value.toLowerCase().split(/\s+/);
      rows.forEach((row) => {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
      });
      const count = rows.filter((row) => !row.hidden).length;
      shown.textContent = input.value.trim() === "" ? "" : `${count} of ${rows.length} rows`;
    });
    tools.prepend(input, shown);
  };
  document.querySelectorAll("div.table").forEach((box) => {
    const table = box.querySelector("table"), rows = Array.from(table.tBodies[0].rows);
    if (rows.length > 1) sortable(table, rows);
    if (rows.length > 8) searchable(box, rows);
  });
  // A figure is saved out of this file, so that it needs no other one.
  document.querySelectorAll("figure").forEach((figure) => {
    const link = figure.querySelector(".tools a"), svg = figure.querySelector("svg");
    if (!link || !svg) return;
    link.addEventListener("click", () => {
      const text = new XMLSerializer().serializeToString(svg);
      const address = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
      link.href = address;
      setTimeout(() => URL.revokeObjectURL(address), 60000);
    });
  });
  addEventListener("beforeprint", () => {
    document.querySelectorAll("details.glossary").forEach((details) => { details.open = true; });
  });
})();
