// Keeps the statuses of texts fresh: while one is on its way, the page is fetched again and its live parts are replaced.
"use strict";

(() => {
  const PAUSE = 1000;
  const MOST = 300;
  let rounds = 0;

  const waiting = () => document.querySelector("[data-live] [data-waiting]") !== null;

  async function refresh() {
    if (!document.hidden) {
      try {
        const answer = await fetch(window.location.href, { credentials: "same-origin", cache: "no-store" });
        if (answer.ok && !answer.redirected) {
          const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
          for (const part of document.querySelectorAll("[data-live]")) {
            const successor = fresh.getElementById(part.id);
            if (successor && successor.innerHTML !== part.innerHTML) {
              part.replaceChildren(...successor.childNodes);
            }
          }
        }
      } catch {
        // The site is away for a moment: the next round asks again.
      }
    }
    next();
  }

  function next() {
    rounds += 1;
    if (waiting() && rounds < MOST) {
      window.setTimeout(refresh, PAUSE);
    }
  }

  next();
})();
