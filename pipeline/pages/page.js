"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const make = (tag, properties) => Object.assign(document.createElement(tag), properties);

  if (navigator.onLine) {
    for (const place of all("[data-poster]")) {
      const image = new Image(92, 138);
      Object.assign(image, { alt: "", loading: "lazy", decoding: "async", referrerPolicy: "no-referrer" });
      image.addEventListener("error", () => image.remove());
      image.src = "https://image.tmdb.org/t/p/w92" + place.dataset.poster;
      place.append(image);
    }
  }
  if (location.pathname.startsWith("/pages/")) for (const link of all(".served")) link.hidden = false;

  // Left and right lead to the page before and after, except where they scroll or move a cursor.
  document.addEventListener("keydown", event => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.target.closest("input, [role=region], .contents")) return;
    const link = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
    if (link) document.querySelector(`a[rel=${link}]`)?.click();
  });

  // An instant as the page writes it, in UTC.
  const instant = at => {
    const language = { en: "en-GB" }[document.documentElement.lang] || document.documentElement.lang;
    const day = at.toLocaleDateString(language, { dateStyle: "long", timeZone: "UTC" });
    return `${day} ${at.toISOString().slice(11, 16)} UTC`;
  };
  for (const place of all("[data-newest]")) {
    const { newest, today, one, days } = place.dataset;
    const now = new Date();
    const age = Math.round((Date.UTC(now.getFullYear(), now.getMonth(), now.getDate()) - Date.parse(newest)) / 864e5);
    const text = age < 1 ? today : age === 1 ? one : days.replace("{n}", age);
    place.textContent = text.replace("{time}", instant(now));
  }

  // Of each root task: the newest date that was due two hours ago and is not on this page, and the next one.
  for (const body of all("[data-overdue]")) {
    const at = row => Date.parse(row.querySelector("time").dateTime);
    const rows = [...body.rows];
    const overdue = rows.filter(row => at(row) + 2 * 36e5 <= Date.now()).at(-1);
    const next = rows.find(row => at(row) > Date.now());
    for (const row of rows) row.hidden = row !== overdue && row !== next;
    if (next) next.querySelector(".state").textContent = body.dataset.next;
    if (overdue) {
      overdue.className = "overdue";
      overdue.querySelector(".state").textContent = body.dataset.overdue;
      const banner = document.querySelector("#overdue");
      const names = banner.querySelector("span");
      names.textContent += (names.textContent && ", ") + overdue.cells[0].textContent;
      banner.hidden = false;
    }
  }
  for (const place of all("[data-note]")) place.textContent = place.dataset.note.replace("{time}", instant(new Date()));

  const text = cell => {
    const copy = cell.cloneNode(true);
    all(".sr, .stars", copy).forEach(each => each.remove());
    return (copy.querySelector("bdi") || copy).textContent.trim().replace("▲ ", "").replace("▼ ", "-");
  };
  const number = cell => parseFloat(text(cell).replaceAll(",", ""));
  const quote = value => `"${(/^([=+@\t\r]|-(?!\d))/.test(value) ? "'" : "") + value.replaceAll('"', '""')}"`;
  const saveCsv = table => {
    const rows = all("tr", table).filter(row => !row.hidden);
    const lines = rows.map(row => [...row.cells].filter(cell => !cell.matches(".art, .bar")).map(cell => quote(text(cell))).join(","));
    const address = URL.createObjectURL(new Blob(["\ufeff" + lines.join("\r\n")], { type: "text/csv" }));
    make("a", { href: address, download: table.dataset.csv + ".csv" }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  };
  const sortBy = (table, column, head) => {
    const down = head.getAttribute("aria-sort") ? head.getAttribute("aria-sort") === "ascending" : head.matches(".number");
    const value = head.matches(".number") ? row => number(row.cells[column]) || 0 : row => text(row.cells[column]);
    const compare = (a, b) => typeof a === "number" ? a - b : a.localeCompare(b);
    const rows = [...table.tBodies[0].rows].map(row => [value(row), row]);
    rows.sort(([a], [b]) => (down ? -1 : 1) * compare(a, b));
    all("[aria-sort]", table).forEach(each => each.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    table.tBodies[0].append(...rows.map(([, row]) => row));
  };
  const filter = (table, words, status) => {
    const wanted = words.toLowerCase().split(/\s+/);
    const rows = [...table.tBodies[0].rows];
    for (const row of rows) {
      const held = row.textContent.toLowerCase();
      row.hidden = !wanted.every(word => held.includes(word));
    }
    const count = rows.filter(row => !row.hidden).length;
    status.textContent = (count === 1 ? table.dataset.match : table.dataset.matches).replace("{n}", count);
  };
  for (const table of all("[data-csv]")) {
    const tools = make("p", { className: "tools" });
    if (table.dataset.filter) {
      const status = make("span", { className: "soft", role: "status" });
      const box = make("input", { type: "search", placeholder: table.dataset.filter, ariaLabel: table.dataset.filter });
      box.addEventListener("input", () => filter(table, box.value, status));
      tools.append(box, status);
      [...table.tHead.rows[0].cells].forEach((head, column) => {
        const button = make("button", { type: "button", textContent: head.textContent });
        button.addEventListener("click", () => sortBy(table, column, head));
        head.replaceChildren(button);
      });
    }
    const button = make("button", { type: "button", textContent: table.dataset.label });
    button.addEventListener("click", () => saveCsv(table));
    tools.append(button);
    table.parentElement.before(tools);
  }
})();
