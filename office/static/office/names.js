// What Unfold's icons and completions are called by those who hear the page: an icon is drawn by its English name,
// and a completion (Select2) stands in the place of the field whose label it needs.
document.addEventListener("DOMContentLoaded", () => {
  for (const icon of document.querySelectorAll(".material-symbols-outlined")) icon.ariaHidden = "true";
  const search = document.querySelector("#searchbar");
  if (search) document.querySelector("#searchbar-submit").ariaLabel = search.placeholder;
  const name = () => {
    for (const field of document.querySelectorAll("select.select2-hidden-accessible")) {
      const label = field.labels[0]?.textContent.trim() ?? field.ariaLabel ?? field.name;
      const shown = field.nextElementSibling;
      for (const part of shown.querySelectorAll('[role="combobox"], [role="textbox"]')) part.ariaLabel = label;
    }
  };
  // Select2 takes its places after this, or when the filters are opened.
  new MutationObserver(name).observe(document.body, { childList: true, subtree: true });
  name();
});
