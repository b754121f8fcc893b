// The test send: tries what is typed, and watches what was sent. All words come from the server.
"use strict";

(() => {
  const PAUSE = 400; // ms without a key before the text is tried
  const FIRST_LOOK = 700;
  const LONGEST_PAUSE = 15000;
  const GIVE_UP_AFTER = 30 * 60 * 1000;

  function show(place, html) {
    // The same words again would be read out again.
    if (place.dataset.shown === html) return;
    place.dataset.shown = html;
    place.innerHTML = html; // a piece of the page that Django's templates made and escaped
  }

  async function ask(url, options) {
    const answer = await fetch(url, { credentials: "same-origin", redirect: "error", ...options });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.text();
  }

  function tryAsTyped(form) {
    const place = form.querySelector("[data-ihuyi-result]");
    let timer = 0;
    let asked = 0;
    const look = async () => {
      const mine = ++asked;
      try {
        const html = await ask(form.dataset.ihuyiTrial, { method: "POST", body: new FormData(form) });
        if (mine === asked) show(place, html);
      } catch {
        // Trying is a help and no condition: the server checks once more when it is sent.
        if (mine === asked) show(place, "");
      }
    };
    form.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(look, PAUSE);
    });
    form.addEventListener("change", () => {
      clearTimeout(timer);
      look();
    });
    // What was typed, or restored by the browser, before this script had come.
    if ([...form.elements].some((field) => "defaultValue" in field && field.value !== field.defaultValue)) look();
  }

  function watch(place) {
    const began = Date.now();
    const look = async (pause) => {
      try {
        show(place, await ask(place.dataset.ihuyiStatus, {}));
      } catch {
        // Looked at again below.
      }
      if (!place.querySelector("[data-on-the-way]") || Date.now() - began > GIVE_UP_AFTER) return;
      setTimeout(look, pause, Math.min(pause * 1.4, LONGEST_PAUSE));
    };
    if (place.querySelector("[data-on-the-way]")) setTimeout(look, FIRST_LOOK, FIRST_LOOK);
  }

  document.querySelectorAll("form[data-ihuyi-trial]").forEach(tryAsTyped);
  document.querySelectorAll("[data-ihuyi-status]").forEach(watch);
})();
