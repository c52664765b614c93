"use strict";
// Unpacks items when they are looked at; filters, finds, steps.
const $ = id => document.getElementById(id);
const root = document.documentElement;
const packs = [...document.querySelectorAll("script.pack")];
const state = { items: [], inPack: 1, shown: [], current: -1, kind: "", tag: "", words: "", list: [] };
const unpackedPacks = new Map();
let texts = null;

async function unpack(text) {
  const bytes = Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}
function pack(number) {
  if (!unpackedPacks.has(number)) unpackedPacks.set(number, unpack(packs[number].textContent));
  return unpackedPacks.get(number);
}
const html = async at => (await pack(Math.floor(at / state.inPack)))[at % state.inPack];

// What is searched: the text of every item, without its markup, in lower case; made at the first search.
function plain(markup) {
  const text = markup.replace(/<\/(?:div|pre|p|td|span|summary|h\d)>/g, "\n").replace(/<[^>]*>/g, "");
  return text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&#34;/g, '"').replace(/&#39;/g, "'").replace(/&amp;/g, "&").toLowerCase();
}
async function allTexts() {
  const made = [];
  for (let number = 0; number < packs.length; number++) {
    for (const each of await pack(number)) made.push(plain(each));
    if (number % 10 === 9) await new Promise(resolve => setTimeout(resolve));
  }
  return made;
}

async function filter() {
  const words = state.words.toLowerCase();
  if (words && !texts) {
    $("count").textContent = "reading …";
    texts = allTexts();
  }
  const found = words ? await texts : null;
  if (words !== state.words.toLowerCase()) return;
  const fits = ([id, brief, , kind, tags], at) => (!state.kind || kind === state.kind) && (!state.tag || tags.includes(state.tag))
    && (!words || id.toLowerCase().includes(words) || found[at].includes(words));
  state.shown = state.items.flatMap((item, at) => fits(item, at) ? [at] : []);
  const visible = new Set(state.shown);
  state.list.forEach((line, at) => { line.hidden = !visible.has(at); });
  $("count").textContent = `${state.shown.length} of ${state.items.length}`;
  if (visible.has(state.current)) place();
  else if (state.shown.length) await show(state.shown[0]);
  else { state.current = -1; $("title").textContent = "Nothing fits"; $("tags").replaceChildren(); $("item").replaceChildren(); place(); }
}
function place() {
  const at = state.shown.indexOf(state.current);
  $("place").textContent = at < 0 ? "–" : `${at + 1} of ${state.shown.length}`;
  $("prev").disabled = at <= 0;
  $("next").disabled = at < 0 || at === state.shown.length - 1;
}
async function show(at) {
  if (at === state.current) return;
  state.list[state.current]?.removeAttribute("aria-current");
  state.current = at;
  const [id, , , , tags] = state.items[at];
  state.list[at].setAttribute("aria-current", "true");
  state.list[at].scrollIntoView({ block: "nearest" });
  place();
  const markup = await html(at);
  if (state.current !== at) return;
  $("title").textContent = id;
  $("tags").replaceChildren(...tags.map(tag => { const each = document.createElement("span"); each.className = "tag"; each.textContent = tag; return each; }));
  $("item").innerHTML = markup;
  $("item").parentElement.scrollTop = 0;
  history.replaceState(null, "", "#" + encodeURIComponent(id));
  if (at + 1 < state.items.length) html(at + 1);
}
function go(by) {
  const at = state.shown.indexOf(state.current) + by;
  if (at >= 0 && at < state.shown.length) show(state.shown[at]);
}
function unfold() {
  const folded = [...$("item").querySelectorAll("details")];
  const open = folded.some(each => !each.open);
  folded.forEach(each => { each.open = open; });
}
// A link inside an item leads to one of its places; any other one, to an item.
function follow() {
  const name = decodeURIComponent(location.hash.slice(1));
  const inside = name && $("item").querySelector("#" + CSS.escape(name));
  if (inside) {
    for (let up = inside.closest("details"); up; up = up.parentElement.closest("details")) up.open = true;
    inside.scrollIntoView();
    history.replaceState(null, "", "#" + encodeURIComponent(state.items[state.current][0]));
    return true;
  }
  const at = state.items.findIndex(item => item[0] === name);
  if (at >= 0) show(at);
  return at >= 0;
}

const isDark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
$("theme").addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; });
$("prev").addEventListener("click", () => go(-1));
$("next").addEventListener("click", () => go(1));
$("open").addEventListener("click", unfold);
$("items").addEventListener("click", () => document.body.classList.toggle("show-list"));
$("search").addEventListener("input", event => { state.words = event.target.value; filter(); });
$("tag").addEventListener("change", event => { state.tag = event.target.value; filter(); });
document.querySelectorAll("[data-kind]").forEach(button => button.addEventListener("click", () => {
  state.kind = button.dataset.kind;
  document.querySelectorAll("[data-kind]").forEach(each => each.setAttribute("aria-pressed", String(each === button)));
  filter();
}));
addEventListener("hashchange", follow);
const keys = { j: () => go(1), k: () => go(-1), ArrowRight: () => go(1), ArrowLeft: () => go(-1), o: unfold, t: () => $("theme").click(), "/": () => $("search").focus() };
addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") document.activeElement.blur();
  if (event.target.closest("input, select") || !(event.key in keys)) return;
  event.preventDefault();
  keys[event.key]();
});

function line([id, brief, , kind], at) {
  const made = document.createElement("li");
  made.className = kind;
  const [dot, name, more] = ["i", "b", "span"].map(tag => document.createElement(tag));
  [name.textContent, more.textContent, name.title] = [id, brief, id];
  made.append(dot, name, more);
  made.addEventListener("click", () => { document.body.classList.remove("show-list"); show(at); });
  return made;
}
(async () => {
  const told = await unpack($("index").textContent);
  [state.items, state.inPack] = [told.items, told.in_pack];
  state.list = told.items.map(line);
  $("list").append(...state.list);
  state.shown = state.items.map((_, at) => at);
  $("count").textContent = `${state.items.length} of ${state.items.length}`;
  if (!follow() && state.items.length) await show(0);
  root.dataset.ready = "yes";
})();
