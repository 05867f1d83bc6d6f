// Runs before the first paint, as a classic script of its own: the page may hold no inline script. Without a stored
// choice nothing is set, and the style sheet follows the system.
(function () {
  try {
    var theme = localStorage.getItem('archestra.theme');
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  } catch (error) {
    // Storage is switched off: the system's theme it is.
  }
})();
