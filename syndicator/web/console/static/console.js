// Keys, dialogs and live parts. Every page works without it.
"use strict";
(() => {
  const all = (what, where = document) => [...where.querySelectorAll(what)];
  const typing = (spot) => spot.closest("input, textarea, select, [contenteditable]") !== null;

  // Keys. An element with data-key is pressed or focused by that key; two keys make a chord.
  let first = "";
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && typing(event.target)) return event.target.blur();
    if (typing(event.target) || document.querySelector("dialog[open]")) return;
    if (event.key === "j" || event.key === "k") return step(event.key === "j" ? 1 : -1);
    if (event.key === "Enter" && event.target === document.body) return document.querySelector("[data-row].on a")?.click();
    const chord = first ? `${first} ${event.key}` : event.key;
    const found = all("[data-key]").find((one) => one.dataset.key === chord && one.offsetParent !== null)
      || all("[data-key]").find((one) => one.dataset.key === chord);
    first = !found && event.key === "g" ? "g" : "";
    if (!found) return;
    event.preventDefault();
    if (found.matches("input, textarea, select")) { found.focus(); found.select?.(); } else found.click();
  });

  const step = (by) => {
    const rows = all("[data-row]");
    const at = rows.findIndex((row) => row.classList.contains("on"));
    const next = rows[Math.min(Math.max(at + by, 0), rows.length - 1)];
    rows.forEach((row) => row.classList.toggle("on", row === next));
    next?.scrollIntoView({ block: "nearest" });
  };

  document.addEventListener("click", (event) => {
    const opens = event.target.closest("[data-opens]");
    if (opens) document.getElementById(opens.dataset.opens)?.showModal();
    if (event.target.closest("[data-closes]")) event.target.closest("dialog")?.close();
  });

  // A form is sent once.
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || event.target.method === "get") return;
    if (event.target.dataset.sent) return event.preventDefault();
    event.target.dataset.sent = "yes";
    setTimeout(() => delete event.target.dataset.sent, 4000);
  });

  // Times as they pass: "3 minutes ago" stays true.
  // Live parts. The page says what it shows; when some of that moved, its parts ask for themselves anew.
  const shows = (document.body.dataset.live || "").split(" ").filter(Boolean);
  if (shows.length && window.EventSource) {
    let last = 0, waiting = 0;
    const moved = () => {
      waiting = 0;
      const spot = document.activeElement;
      if (document.hidden || document.querySelector("dialog[open]") || (spot && spot.closest("[data-part]") && typing(spot))) {
        waiting = setTimeout(moved, 2000);
        return;
      }
      last = Date.now();
      const link = spot?.closest("[data-part]") ? spot.getAttribute("href") : null;
      document.body.addEventListener("htmx:afterSettle", () => {
        if (link) all("[data-part] a").find((one) => one.getAttribute("href") === link)?.focus();
      }, { once: true });
      document.body.dispatchEvent(new CustomEvent("moved"));
    };
    const source = new EventSource("/console/live");
    source.addEventListener("moved", (event) => {
      if (!event.data.split(" ").some((what) => shows.includes(what)) || waiting) return;
      waiting = setTimeout(moved, Math.max(0, 1500 - (Date.now() - last)));
    });
    addEventListener("pagehide", () => source.close());
  }

  // Rows that are dragged get places from the top.
  let row = null;
  document.addEventListener("dragstart", (event) => { row = event.target.closest?.("[data-order] > [draggable]") || null; });
  document.addEventListener("dragover", (event) => {
    const over = row && event.target.closest("[data-order] > [draggable]");
    if (!over || over === row || over.parentNode !== row.parentNode) return;
    event.preventDefault();
    const after = event.clientY > over.getBoundingClientRect().top + over.offsetHeight / 2;
    over.parentNode.insertBefore(row, after ? over.nextSibling : over);
  });
  document.addEventListener("dragend", () => {
    if (row) all(".place", row.parentNode).forEach((place, at) => { place.value = at + 1; });
    row = null;
  });

  // A plot says the numbers of the place that is pointed at; they stand in its table.
  document.addEventListener("pointermove", (event) => {
    const figure = event.target.closest?.("[data-plot]"), plot = event.target.closest?.(".framed .plot");
    if (!figure || !plot) return;
    const rows = all("tbody tr", figure), heads = all("thead th", figure);
    const { left, width } = plot.getBoundingClientRect();
    const along = (event.clientX - left) / width, share = document.dir === "rtl" ? 1 - along : along;
    const row = rows[Math.min(rows.length - 1, Math.max(0, Math.floor(share * rows.length)))];
    if (row) figure.querySelector("output").textContent = [row.cells[0].textContent.trim(),
      ...heads.map((head, at) => `${head.textContent.trim()} ${row.cells[at + 1].textContent.trim()}`)].join(" · ");
  });

  // What is dragged to another hour says so in its own form.
  let held = null;
  document.addEventListener("dragstart", (event) => {
    held = event.target.closest?.("[data-moves]") || null;
    if (held) event.dataTransfer.effectAllowed = "move";
  });
  document.addEventListener("dragover", (event) => {
    if (held && event.target.closest("[data-slot]")) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    const slot = event.target.closest("[data-slot]");
    const form = held && document.getElementById(held.dataset.moves);
    if (!slot || !form) return;
    event.preventDefault();
    form.querySelector("[data-to]").value = slot.dataset.slot;
    form.requestSubmit();
  });
})();
