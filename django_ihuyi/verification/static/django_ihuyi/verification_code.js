// The button "send code": asks for a code without leaving the page, and counts the seconds until it can be pressed again.
"use strict";

(() => {
  const setUp = (part) => {
    const button = part.querySelector("button");
    const status = part.querySelector("[role=status]");
    const form = button.form;
    let countdown = 0;

    // Only now: without this script the button posts the form. As a submit button it would also be what Enter presses.
    button.type = "button";

    const waiting = () => button.getAttribute("aria-disabled") === "true";

    function release(text) {
      window.clearInterval(countdown);
      button.removeAttribute("aria-disabled");
      button.textContent = text;
    }

    // The button is not `disabled`: the keyboard would lose its place. The seconds are in its name, which is read when
    // it is reached, and not in the status, which would be read out every second.
    function wait(seconds) {
      const end = Date.now() + seconds * 1000;
      const show = () => {
        const left = Math.ceil((end - Date.now()) / 1000);
        if (left > 0) {
          button.textContent = part.dataset.wait.replace("%s", String(left));
        } else {
          release(part.dataset.again);
        }
      };
      window.clearInterval(countdown);
      button.setAttribute("aria-disabled", "true");
      show();
      countdown = window.setInterval(show, 250);
    }

    function gather() {
      const data = new FormData(form);
      for (const element of form.elements) {
        // Nothing that the request does not need.
        if (element.type === "password" || part.contains(element)) {
          data.delete(element.name);
        }
      }
      data.set(button.name, "1");
      return data;
    }

    function takeCaptcha(html) {
      const place = form.querySelector("[data-ihuyi-captcha]");
      if (place) {
        place.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
      }
    }

    function mark(names) {
      for (const element of form.elements) {
        if (element.name && names.includes(element.name)) {
          element.setAttribute("aria-invalid", "true");
          element.focus();
        } else if (element.getAttribute("data-ihuyi-marked") !== null) {
          element.removeAttribute("aria-invalid");
        }
        element.toggleAttribute("data-ihuyi-marked", names.includes(element.name));
      }
    }

    // What an earlier posting of the form said of the number and of the old code.
    function forget(names) {
      for (const element of form.elements) {
        if (element.name && names.includes(element.name)) {
          element.removeAttribute("aria-invalid");
          document.getElementById(`${element.id}_error`)?.remove(); // where Django has it
        }
      }
    }

    async function send() {
      const idle = button.textContent;
      button.setAttribute("aria-disabled", "true");
      status.textContent = part.dataset.sending;
      let answer;
      try {
        const response = await fetch(form.getAttribute("action") || window.location.href, {
          method: "POST",
          body: gather(),
          credentials: "same-origin",
          headers: { Accept: "application/json" },
        });
        answer = await response.json();
      } catch {
        release(idle);
        status.textContent = part.dataset.failed;
        return;
      }
      status.textContent = answer.text;
      if (typeof answer.captcha === "string") {
        takeCaptcha(answer.captcha);
      }
      mark(answer.wrong);
      forget(answer.settled);
      if (answer.sent) {
        part.querySelector("input").focus();
      }
      if (answer.retry_after > 0) {
        wait(answer.retry_after);
      } else {
        release(idle);
      }
    }

    button.addEventListener("click", () => {
      if (!waiting()) {
        send();
      }
    });
    if (button.dataset.ihuyiWait) {
      wait(Number(button.dataset.ihuyiWait));
    }
  };

  // The script is deferred: the page is read when it runs.
  document.querySelectorAll("[data-ihuyi-code]").forEach(setUp);
})();
