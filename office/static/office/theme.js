// Signing in follows the theme chosen inside the portal, without the libraries the portal runs on.
(() => {
  let chosen = "auto";
  try {
    chosen = JSON.parse(localStorage.getItem("adminTheme")) || chosen;
  } catch {
    // nothing was chosen in this browser
  }
  const dark = chosen === "dark" || (chosen === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.classList.toggle("dark", dark);
})();
