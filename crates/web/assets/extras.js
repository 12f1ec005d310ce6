// What pages do a little better where scripts run; each works without.
"use strict";

// A sign-up says which time zone the browser is in.
for (const field of document.querySelectorAll("input[data-time-zone]")) {
  field.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
}

// A button copies the lines that its selector finds, and says so. Where nothing may be copied, it goes.
for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    const lines = [...document.querySelectorAll(button.dataset.copy)].map((line) => line.textContent);
    try {
      await navigator.clipboard.writeText(lines.join("\n") + "\n");
      document.getElementById("copied").textContent = button.dataset.copied;
    } catch {
      button.hidden = true;
    }
  });
}
