"use strict";
(() => {
  if (!navigator.onLine) return;
  for (const place of document.querySelectorAll("[data-poster]")) {
    const image = new Image(92, 138);
    image.alt = "";
    image.loading = "lazy";
    image.decoding = "async";
    image.referrerPolicy = "no-referrer";
    image.addEventListener("error", () => image.remove());
    image.src = "https://image.tmdb.org/t/p/w92" + place.dataset.poster;
    place.append(image);
  }
})();
