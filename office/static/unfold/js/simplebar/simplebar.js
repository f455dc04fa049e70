// Instead of SimpleBar, 7 KB on every page: the browser's own scroll bars, which the keyboard moves too.
// Unfold asks it for the sidebar's, to bring the chosen entry into sight.
const SimpleBar = { instances: new Map() };
addEventListener("DOMContentLoaded", () => {
  document.querySelector("#nav-sidebar-apps a.active")?.scrollIntoView({ block: "nearest" });
});
