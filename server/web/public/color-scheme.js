// Runs before the first paint, so that a dark screen never flashes white. A file of its own: the page allows no inline
// script. The key and the values are those of Mantine's localStorageColorSchemeManager.
(function () {
  var wanted = "auto";
  try {
    wanted = window.localStorage.getItem("mantine-color-scheme-value") || "auto";
  } catch (blocked) {
    wanted = "auto"; // storage is switched off: the system's choice it is
  }
  var dark = wanted === "dark" || (wanted !== "light" && window.matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.setAttribute("data-mantine-color-scheme", dark ? "dark" : "light");
})();
