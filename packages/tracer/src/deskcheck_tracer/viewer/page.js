"use strict";
/* The walk: `scenes` in order, each [what, line, frame, changes, printed, read, value, verb, sentence, links]
   (walk.Scene).
   A frame's state is replayed from its own scenes; who stands under whom is a linked list of nodes, one a scene. */
const data = JSON.parse(document.getElementById("data").textContent);
const WHAT = 0, LINE = 1, FRAME = 2, CHANGES = 3, PRINTED = 4, READ = 5, VALUE = 6, VERB = 7, SENTENCE = 8, LINKS = 9;
const scenes = data.scenes, total = scenes.length;
const by = id => document.getElementById(id);
const at = by("at");

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

/* ---- what is computed once ---- */

const nodes = new Array(total);           // scene -> {frame, up, depth}: the call stack, its top first
const scenesOf = new Map();               // frame -> its scenes, in order
const scenesAt = new Map();               // file and line -> the scenes there
const said = [];                          // [scene, text, isInput] for everything printed and read
{
  const current = new Map();
  for (let i = 0; i < total; i++) {
    const scene = scenes[i];
    for (const [frame, under] of scene[LINKS]) {
      const up = under === null ? null : current.get(under) || null;
      current.set(frame, {frame, up, depth: up ? up.depth + 1 : 0});
    }
    nodes[i] = current.get(scene[FRAME]) || {frame: scene[FRAME], up: null, depth: 0};
    if (!scenesOf.has(scene[FRAME])) scenesOf.set(scene[FRAME], []);
    scenesOf.get(scene[FRAME]).push(i);
    const place = fileOf(scene[FRAME]) + "\0" + scene[LINE];
    if (!scenesAt.has(place)) scenesAt.set(place, []);
    scenesAt.get(place).push(i);
    if (scene[READ]) said.push([i, scene[READ], true]);
    if (scene[PRINTED]) said.push([i, scene[PRINTED], false]);
  }
}

function fileOf(frame) { return (data.frames[frame] || {}).file || ""; }
function functionOf(frame) { return (data.frames[frame] || {}).function || "?"; }

/** How many entries of a rising list are at most `limit`. */
function countUpTo(list, limit, key = entry => entry) {
  let low = 0, high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (key(list[middle]) <= limit) low = middle + 1; else high = middle;
  }
  return low;
}

/** The names and values of a frame once scene `i` is over. */
function stateAt(frame, i) {
  const own = scenesOf.get(frame) || [], state = new Map();
  for (let k = 0, end = countUpTo(own, i); k < end; k++)
    for (const [name, value] of Object.entries(scenes[own[k]][CHANGES]))
      if (value === null) state.delete(name); else state.set(name, value);
  return state;
}

/* ---- moving ---- */

let here = 0, timer = 0;
const opened = new Set();                 // callers whose variables are shown

function go(i) {
  here = Math.max(0, Math.min(total - 1, i));
  at.value = here;
  show();
}
function over(direction) {
  const depth = nodes[here].depth;
  let i = here + direction;
  while (i > 0 && i < total - 1 && nodes[i].depth > depth) i += direction;
  go(i);
}
function out() {
  const depth = nodes[here].depth;
  let i = here + 1;
  while (i < total - 1 && nodes[i].depth >= depth) i++;
  go(i);
}
/** To the next (or previous) scene that begins this line, round and round. */
function sameLine(file, line, direction) {
  const runs = (scenesAt.get(file + "\0" + line) || []).filter(i => scenes[i][WHAT] === "step" || scenes[i][WHAT] === "begin");
  if (!runs.length) return;
  const passed = countUpTo(runs, direction > 0 ? here : here - 1);
  go(direction > 0 ? runs[passed % runs.length] : runs[(passed - 1 + runs.length) % runs.length]);
}
function play() {
  if (timer) { clearInterval(timer); timer = 0; }
  else {
    if (here === total - 1) go(0);
    timer = setInterval(() => { if (here >= total - 1) play(); else go(here + 1); }, 700);
  }
  by("play").textContent = timer ? "❚❚" : "▶";
  by("play").setAttribute("aria-label", timer ? "Pause" : "Play");
}

/* ---- source ---- */

let shownFile = null, lines = [], marked = [];

function showFile(file) {
  if (file === shownFile) return;
  shownFile = file;
  by("file").textContent = file || (Object.keys(data.files).length > 1 ? data.title : "Source");
  const rows = data.files[file] || [];
  lines = rows.map((segments, index) => {
    const row = make("div", "line"), text = make("span", "text");
    const number = make("b", "", index + 1);
    number.title = "To the next time this line runs";
    number.addEventListener("click", () => sameLine(file, index + 1, 1));
    for (const [kind, piece] of segments) text.append(kind ? make("span", kind, piece) : piece);
    row.append(number, text);
    return row;
  });
  for (const place of scenesAt.keys())
    if (place.startsWith(file + "\0")) { const row = lines[place.slice(file.length + 1) - 1]; if (row) row.classList.add("seen"); }
  marked = [];
  by("source").replaceChildren(...lines);
}

function mark(line, className) {
  const row = lines[line - 1];
  if (row) { row.classList.add(className); marked.push([row, className]); }
  return row;
}

function showSource(scene) {
  showFile(fileOf(scene[FRAME]));
  for (const [row, className] of marked) { row.classList.remove(className); if (row.lastChild.className.startsWith("note")) row.lastChild.remove(); }
  marked = [];
  for (let node = nodes[here].up; node; node = node.up)
    if (fileOf(node.frame) === shownFile) mark(lineOf(node.frame), "caller");
  const following = scenes[here + 1];
  if (following && following[FRAME] === scene[FRAME]) mark(following[LINE], "next");
  const row = mark(scene[LINE], "now");
  if (!row) return;
  const note = noteOf(scene);
  if (note) row.append(make("span", isBad(scene) ? "note bad" : "note", note));
  keepInView(by("source"), row);
}

function lineOf(frame) {
  const own = scenesOf.get(frame) || [], passed = countUpTo(own, here);
  return passed ? scenes[own[passed - 1]][LINE] : 0;
}

function keepInView(box, row) {
  const top = row.offsetTop - box.offsetTop, margin = 3 * row.offsetHeight;
  if (top - margin < box.scrollTop) box.scrollTop = top - margin;
  else if (top + row.offsetHeight + margin > box.scrollTop + box.clientHeight)
    box.scrollTop = top + row.offsetHeight + margin - box.clientHeight;
}

const BAD = new Set(["raises", "raises again", "leaves with"]);
function isBad(scene) { return BAD.has(scene[VERB]) || scene[WHAT] === "cut"; }

/** What one writes beside the line when desk-checking: what it changed, or what came of it. */
function noteOf(scene) {
  const notes = Object.entries(scene[CHANGES]).filter(([, value]) => value === null || !isDefinition(value))
    .map(([name, value]) => value === null ? name + " gone" : name + " = " + value);
  if (scene[WHAT] === "call") return notes.join(", ");
  if (scene[VALUE] !== null) notes.push(scene[VERB] + " " + scene[VALUE]);
  return notes.join(", ");
}

/* ---- words ---- */

/** Text with code between backticks, or between double ones where it holds some. */
function inWords(element, sentence) {
  const pieces = sentence.split(/``(.*?)``|`([^`]*)`/s);      // text, code or undefined, code or undefined, text ...
  element.replaceChildren(...pieces.flatMap((piece, index) => piece ? [index % 3 ? make("code", "", piece) : piece] : []));
}

function showWords(scene) {
  inWords(by("sentence"), scene[SENTENCE]);
  const past = [];
  for (let i = Math.max(0, here - 4); i < here; i++) {
    const row = make("div");
    inWords(row, scenes[i][SENTENCE]);
    row.addEventListener("click", () => go(i));
    past.push(row);
  }
  by("past").replaceChildren(...past);
}

/* ---- variables and call stack ---- */

const DEFINITION = /^<(function|class|module|built-in function) .*>$/s;
function isDefinition(value) { return DEFINITION.test(value); }
const NEAR = 6;                           // callers shown above and below the gap of a deep stack

function showStack(scene) {
  const frames = [];
  for (let node = nodes[here]; node; node = node.up) frames.push(node.frame);
  by("depthword").textContent = frames.length > 1 ? "· " + frames.length + " frames deep, callers as they were when they called" : "";
  const cards = [];
  for (let k = 0; k < frames.length; k++) {
    if (k === NEAR && frames.length > 2 * NEAR + 1) {
      k = frames.length - NEAR;
      cards.push(make("div", "more", (k - NEAR) + " more frames"));
    }
    cards.push(k === 0 ? topCard(scene) : callerCard(frames[k]));
  }
  by("stack").replaceChildren(...cards);
}

function headOf(frame, line) {
  const head = make("button", "head"), thread = (data.frames[frame] || {}).thread;
  head.type = "button";
  head.append(make("span", "function", functionOf(frame).replace(/^<module>$/, "module")));
  if (line) head.append(make("span", "where", "line " + line + (thread ? " · " + thread : "")));
  return head;
}

function topCard(scene) {
  const card = make("div", "frame top"), before = stateAt(scene[FRAME], here - 1);
  card.append(headOf(scene[FRAME], scene[LINE]), ...tableOf(stateAt(scene[FRAME], here), scene[CHANGES], before));
  if (scene[VALUE] !== null) {
    const table = card.querySelector("table") || card.appendChild(make("table")), row = table.insertRow();
    row.className = isBad(scene) ? "bad" : "result";
    row.append(make("td", "name", scene[VERB]), make("td", "value", scene[VALUE]));
    card.querySelector(".empty")?.remove();
  }
  return card;
}

function callerCard(frame) {
  const card = make("div", "frame"), state = stateAt(frame, here), head = headOf(frame, lineOf(frame));
  const brief = [...state].filter(([, value]) => !isDefinition(value)).map(([name, value]) => name + " = " + value).join(", ");
  const isOpen = opened.has(frame);
  if (!isOpen && brief) head.append(make("span", "brief", brief));
  head.setAttribute("aria-expanded", isOpen);
  head.addEventListener("click", () => { if (!opened.delete(frame)) opened.add(frame); show(); });
  card.append(head);
  if (isOpen) card.append(...tableOf(state, {}, state));
  return card;
}

function tableOf(state, changes, before) {
  const table = make("table"), defined = [];
  for (const [name, value] of state) {
    if (isDefinition(value)) { defined.push(name); continue; }
    const row = table.insertRow();
    row.append(make("td", "name", name));
    const cell = row.insertCell();
    cell.className = "value";
    if (name in changes) row.className = "changed";
    showValue(cell, value, name in changes, before.get(name));
  }
  for (const name of Object.keys(changes)) if (changes[name] === null && before.has(name)) {
    const row = table.insertRow();
    row.className = "gone";
    row.append(make("td", "name", name), make("td", "value", before.get(name)));
  }
  const parts = table.rows.length ? [table] : defined.length ? [] : [make("div", "empty", "no variables yet")];
  if (defined.length) parts.push(make("div", "defined", "defined: " + defined.join(", ")));
  return parts;
}

const ELIDED = / \(len \d+\)$/;
/** A value; if it is new, with the part marked that differs from `old`, and `old` beside it where it is short. */
function showValue(cell, value, isNew, old) {
  const cut = ELIDED.exec(value), text = cut ? value.slice(0, cut.index) : value;
  const [start, end] = !isNew ? [0, 0] : old === undefined ? [0, text.length] : difference(old, text);
  cell.append(text.slice(0, start), ...(isNew ? [make("mark", "", text.slice(start, end))] : []), text.slice(end));
  if (cut) cell.append(make("span", "cut", cut[0]));
  if (isNew && old !== undefined && old.length <= 60) cell.append(make("span", "was", "was " + old));
}

/** Where a value differs from the old one, widened to whole words and numbers. */
function difference(old, value) {
  let start = 0, end = value.length, oldEnd = old.length;
  const most = Math.min(old.length, value.length), word = /[\w.'"-]/;
  while (start < most && old[start] === value[start]) start++;
  while (end > start && oldEnd > start && old[oldEnd - 1] === value[end - 1]) { end--; oldEnd--; }
  while (start > 0 && word.test(value[start - 1])) start--;
  while (end < value.length && word.test(value[end])) end++;
  return [start, end];
}

/* ---- output ---- */

const PIECES = 400;                       // newest pieces of output shown

function showOutput() {
  const passed = countUpTo(said, here, entry => entry[0]), first = Math.max(0, passed - PIECES), parts = [];
  if (first) parts.push(make("span", "earlier", "… " + first + " earlier pieces\n"));
  for (const [i, text, isInput] of said.slice(first, passed))
    parts.push(isInput ? make("i", "", text) : i === here ? make("mark", "", text) : text);
  by("output").replaceChildren(...parts);
  by("output").scrollTop = by("output").scrollHeight;
}

/* ---- the whole ---- */

function show() {
  if (!total) { by("sentence").textContent = "Nothing ran."; showFile(""); return; }
  const scene = scenes[here];
  showSource(scene);
  showWords(scene);
  showStack(scene);
  showOutput();
  by("count").textContent = (here + 1) + " / " + total;
  document.title = "step " + (here + 1) + " · " + data.title;
  scheduleHash();
}

let hashTimer = 0;
function scheduleHash() {                 // browsers bound how often an address may change
  clearTimeout(hashTimer);
  hashTimer = setTimeout(() => history.replaceState(null, "", "#" + (here + 1)), 400);
}

function drawDepth() {
  const canvas = by("depth"), scale = window.devicePixelRatio || 1;
  const width = canvas.width = Math.max(1, canvas.clientWidth * scale), height = canvas.height = Math.max(1, canvas.clientHeight * scale);
  const pen = canvas.getContext("2d"), style = getComputedStyle(document.documentElement);
  const deepest = Math.max(1, nodes.reduce((most, node) => Math.max(most, node.depth), 0));
  pen.fillStyle = style.getPropertyValue("--panel");
  pen.fillRect(0, 0, width, height);
  const columns = Math.min(width, total);
  for (let x = 0; x < columns; x++) {
    const from = Math.floor(x * total / columns), to = Math.max(from + 1, Math.floor((x + 1) * total / columns));
    let depth = 0, bad = false;
    for (let i = from; i < to; i++) { depth = Math.max(depth, nodes[i].depth); bad = bad || isBad(scenes[i]); }
    const tall = height * (.16 + .74 * depth / deepest);
    pen.fillStyle = style.getPropertyValue("--accent-soft");
    const left = Math.round(x * width / columns), right = Math.round((x + 1) * width / columns);
    pen.fillRect(left, height - tall, right - left, tall);
    if (!bad) continue;
    pen.fillStyle = style.getPropertyValue("--bad");
    pen.fillRect(left, height - tall, right - left, 3 * scale);
  }
}

function theme(name) {
  document.documentElement.dataset.theme = name;
  drawDepth();
}

function summary() {
  const [reason, detail] = data.end, line = by("summary");
  line.append("Python " + data.python + " · ");
  line.append(make("span", reason === "finished" ? "" : "bad", reason === "finished" ? "finished" : reason + (detail ? ": " + detail : "")));
  if (data.call) line.append(" · " + data.call + (data.returned !== null ? " = " + data.returned.slice(0, 120) : ""));
  if (data.cut) line.append(" · only the first " + total + " steps are shown");
}

const keys = {
  ArrowRight: event => event.shiftKey ? over(1) : go(here + 1),
  ArrowLeft: event => event.shiftKey ? over(-1) : go(here - 1),
  ArrowUp: out, Home: () => go(0), End: () => go(total - 1), " ": play,
  n: () => sameLine(shownFile, scenes[here][LINE], 1), p: () => sameLine(shownFile, scenes[here][LINE], -1),
  t: () => by("theme").click(), "?": () => by("keys").showModal(),
};
document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey || by("keys").open || !keys[event.key]) return;
  if (event.key === " " && event.target.tagName === "BUTTON") return;
  event.preventDefault();
  keys[event.key](event);
});
at.addEventListener("input", () => go(+at.value));
for (const [id, action] of Object.entries({
  first: keys.Home, last: keys.End, back: () => go(here - 1), next: () => go(here + 1), over: () => over(1), out, play,
  theme: () => theme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"), help: () => by("keys").showModal(),
})) by(id).addEventListener("click", action);
window.addEventListener("resize", drawDepth);
window.addEventListener("hashchange", () => { const asked = parseInt(location.hash.slice(1), 10); if (asked) go(asked - 1); });

at.max = Math.max(0, total - 1);
if (said.some(entry => entry[2])) by("outputname").textContent = "Input and output so far";
summary();
theme(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
go((parseInt(location.hash.slice(1), 10) || 1) - 1);
