"use strict";
// Which rows and marks are shown, and in which language. Without it the page shows all, in English.
const all = (selector) => [...document.querySelectorAll(selector)];
const root = document.documentElement;

function speak(language) {
  // Ticks of an axis are the only numbers that are not there in both languages.
  if (root.lang !== language) {
    for (const text of all("svg text")) {
      if (/^[\d.,]+[kMGm]?$/.test(text.textContent)) {
        text.textContent = text.textContent.replace(/[.,]/g, (sign) => (sign === "." ? "," : "."));
      }
    }
  }
  root.lang = language;
  document.title = language === "en" ? root.dataset.titleEn : root.dataset.titlePt;
  for (const button of all("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === language));
  }
}

function filter() {
  const off = { part: new Set(), who: new Set(), workers: new Set() };
  for (const box of all("[data-filter]")) {
    if (!box.checked) off[box.dataset.filter].add(box.value);
  }
  for (const one of all("main [data-part], nav [data-part]")) one.hidden = off.part.has(one.dataset.part);
  for (const one of all("tr[data-who], li[data-who], .legend [data-who], figure[data-workers]")) {
    one.hidden = off.who.has(one.dataset.who) || off.workers.has(one.dataset.workers);
  }
  for (const one of all("svg [class*='who']")) {
    const found = /\bwho(\d+)_/.exec(one.getAttribute("class"));
    if (found) one.style.display = off.who.has(found[1]) ? "none" : "";
  }
  const rows = all("section[data-part] tbody tr");
  const shown = rows.filter((row) => !row.hidden && !row.closest("section").hidden);
  document.querySelector(".count").value = `${shown.length} / ${rows.length}`;
}

function showAll() {
  form.reset();
  filter();
}

for (const button of all("[data-language]")) {
  button.addEventListener("click", () => speak(button.dataset.language));
}
const form = document.querySelector(".filters");
form.addEventListener("change", filter);
form.addEventListener("submit", (event) => event.preventDefault());
form.querySelector("button").addEventListener("click", showAll);
form.hidden = false;
document.querySelector(".languages").hidden = false;
speak(/^pt\b/i.test(navigator.language) ? "pt-BR" : "en");
showAll(); // browsers remember boxes
