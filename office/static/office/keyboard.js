// From a list to a decision and back without the mouse. What a key does on a page stands in its `data-key`;
// nothing happens while somebody types, or while a dialog asks.
(() => {
  const LIST = "#result_list, [data-list]";
  const ROWS = "#result_list tbody tr, .grid-table tbody tr, .list > li";

  const links = () =>
    [...document.querySelectorAll(ROWS)]
      .map((row) => row.querySelector("th a[href], td a[href], :scope > a[href]"))
      .filter((link) => link && link.offsetParent);

  const busy = (event) =>
    event.defaultPrevented ||
    event.ctrlKey || event.metaKey || event.altKey || event.isComposing ||
    event.target.closest("input, textarea, select, [contenteditable]") ||
    document.querySelector("dialog[open]") ||
    document.querySelector(".palette")?.checkVisibility();

  const move = (by) => {
    const all = links();
    const at = all.indexOf(document.activeElement);
    const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
  };

  const back = () => {
    const own = document.querySelector('[data-key="Escape"]');
    const list = sessionStorage.getItem("list");
    if (own) own.click();
    else if (list && !document.querySelector(LIST)) location.assign(JSON.parse(list).url);
  };

  document.addEventListener("keydown", (event) => {
    if (busy(event)) return;
    const onRow = links().includes(document.activeElement);
    const moves = { j: 1, k: -1, ...(onRow && { ArrowDown: 1, ArrowUp: -1 }) };
    if (event.key in moves) move(moves[event.key]);
    else if (event.key === "Escape") back();
    else if (event.key === "?") document.querySelector("#shortcuts")?.showModal();
    else {
      const meant = "arnp".includes(event.key) && document.querySelector(`[data-key="${event.key}"]`);
      if (!meant) return;
      meant.click();
    }
    event.preventDefault();
  });

  // Which list a record was opened from, and from which row.
  document.addEventListener("click", (event) => {
    const at = links().indexOf(event.target.closest("a[href]"));
    if (at >= 0 && document.querySelector(LIST)) {
      sessionStorage.setItem("list", JSON.stringify({ url: location.href, at }));
    }
  });

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelector("#open-shortcuts")?.addEventListener("click", () => {
      document.querySelector("#shortcuts").showModal();
    });
    const asked = document.querySelector(".act-form");
    asked?.querySelector("input:not([type=hidden]), textarea, select, button")?.focus();
    const list = JSON.parse(sessionStorage.getItem("list") ?? "null");
    if (list?.url === location.href && document.querySelector(LIST)) links()[list.at]?.focus();
  });
})();
