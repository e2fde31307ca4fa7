"use strict";
// Finding is all that needs a script; without it the browser's own search does.
(function () {
  var field = document.getElementById("find");
  var status = document.getElementById("found");
  document.getElementById("finder").hidden = false;
  field.addEventListener("input", function () {
    var words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    var shown = 0;
    document.querySelectorAll("article").forEach(function (article) {
      var text = article.dataset.text.toLowerCase();
      var hit = words.every(function (word) { return text.includes(word); });
      article.hidden = !hit;
      if (hit) { shown += 1; }
      var entry = document.querySelector('[data-entry="' + article.id + '"]');
      if (entry) { entry.hidden = !hit; }
    });
    status.textContent = words.length ? shown + " 项 / found" : "";
  });
})();
