// Runs before first paint. The server renders a chosen theme; this covers "as the system does".
(function () {
  var root = document.documentElement;
  if (root.dataset.bsTheme) return;
  var dark = matchMedia('(prefers-color-scheme: dark)');
  function follow() { root.dataset.bsTheme = dark.matches ? 'dark' : 'light'; }
  dark.addEventListener('change', follow);
  follow();
})();
