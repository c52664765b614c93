"use strict";
// Reading needs none of this: filtering the index, keys, and the colours by hand.
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const root = document.documentElement;
all("[hidden]").forEach(element => { element.hidden = false; });

const theme = document.getElementById("theme");
const isDark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
theme.addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; });

const search = document.getElementById("search");
let chosen = "";
function filter() {
  const words = search.value.toLowerCase();
  const rows = all("table.index tbody tr");
  for (const row of rows) {
    const fits = !chosen || row.dataset.status === chosen || row.dataset.believed === chosen;
    row.hidden = !fits || !row.cells[0].textContent.toLowerCase().includes(words);
    const link = row.cells[0].firstElementChild.getAttribute("href");
    if (link.startsWith("#")) document.getElementById(link.slice(1)).closest("details").hidden = row.hidden;
  }
  document.getElementById("shown").textContent = `${rows.filter(row => !row.hidden).length} of ${rows.length}`;
}
if (search) {
  search.addEventListener("input", filter);
  all("[data-show]").forEach(button => button.addEventListener("click", () => {
    chosen = button.dataset.show;
    all("[data-show]").forEach(each => each.setAttribute("aria-pressed", String(each === button)));
    filter();
  }));
  filter();
}

// A link to something folded opens what it is in.
function reveal() {
  let at = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!at) return;
  for (let up = at.closest("details"); up; up = up.parentElement.closest("details")) up.open = true;
  (at.closest(".step") || at.closest("details") || at).scrollIntoView();
}
addEventListener("hashchange", reveal);
reveal();

const problems = () => all("details.problem").filter(each => !each.hidden);
let current = -1;
function go(by) {
  const shown = problems();
  if (!shown.length) return;
  current = Math.max(0, Math.min(shown.length - 1, current + by));
  shown[current].open = true;
  shown[current].scrollIntoView();
}
function unfold() {
  const problem = problems()[Math.max(0, current)];
  if (!problem) return;
  const folded = all("details", problem);
  const open = folded.some(each => !each.open);
  problem.open = true;
  folded.forEach(each => { each.open = open; });
}
const keys = { j: () => go(1), k: () => go(-1), o: unfold, t: () => theme.click(), "/": () => search && search.focus() };
addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") document.activeElement.blur();
  if (event.target.closest("input") || !(event.key in keys)) return;
  event.preventDefault();
  keys[event.key]();
});
