"use strict";
// Searches all papers in the reader's browser. The months' shards are loaded, newest first, and every word is looked for
// in all that a paper says: no index is as small, or finds two Chinese characters. What matches is said a second time in
// search.py, and a test holds that both say the same. Texts come from outside: they become text nodes and nothing else.

const AT_ONCE = 4; // shards that are loaded side by side
const LOAD_MS = 60_000; // how long one may take
const PAGE = 50; // results that are shown, and how many more each time
const BEFORE = 24; // characters of an excerpt that stand before a word,
const AFTER = 40; // and behind it
const MOST = 600; // characters of a text that are shown: no honest title or excerpt has more
const MOST_NAMES = 8; // authors, keywords and tags of a result that are shown
const SCREEN = 8; // results that are drawn in a frame
const ADDRESS_MS = 300; // after which the address follows: browsers refuse a page that changes it at each key

const main = document.querySelector("main");
const labels = JSON.parse(main.dataset.labels);
const element = Object.fromEntries([...document.querySelectorAll("[id]")].map((one) => [one.id, one]));

// What is loaded, and what the reader wants of it

let months; // names, newest first; undefined until they are known
const papers = new Map(); // by month, newest first: {day, paper, text, language}
const loading = new Set();
const failed = new Set(); // months; "" stands for the list of months
let words = [];
let shown = PAGE;
let items = new Map(); // list items by what they show, for these words

// Texts

// As visible() in pages/text.py: characters that turn, hide or break a text.
const UNSEEN =
  /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u200b\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}\u2028\u2029]+/gu;

function visible(text) {
  return text.replace(UNSEEN, " ").trim();
}

// As fold() in search.py.
function fold(text) {
  if (/^[ -~]*$/.test(text)) return text.toLowerCase().trim(); // the same, and much quicker
  const seen = visible(text).normalize("NFKC");
  return seen.toUpperCase().toLowerCase().replaceAll("ς", "σ").normalize("NFKC");
}

function wordsOf(query) {
  return fold(query).split(/\s+/).filter(Boolean);
}

function filled(label, values) {
  return label.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

const foldedClusters = new Map();

// Where words stand in a text, as pairs of places, in order. A character can fold to two and two to one, so clusters of a
// letter and its marks are folded one by one, and each folded character remembers the cluster that it came from.
function places(text) {
  const starts = [];
  const ends = [];
  let folded = "";
  for (const { 0: cluster, index } of text.matchAll(/[^][\p{M}\uff9e\uff9f]*/gu)) {
    if (!foldedClusters.has(cluster)) foldedClusters.set(cluster, cluster.trim() ? fold(cluster) : " ");
    const part = foldedClusters.get(cluster);
    folded += part;
    for (let each = 0; each < part.length; each++) {
      starts.push(index);
      ends.push(index + cluster.length);
    }
  }
  const found = [];
  for (const word of words) {
    for (let at = folded.indexOf(word); at >= 0; at = folded.indexOf(word, at + word.length)) {
      found.push([starts[at], ends[at + word.length - 1]]);
    }
  }
  return found.sort((one, other) => one[0] - other[0] || other[1] - one[1]);
}

function has(text) {
  const folded = fold(text);
  return words.some((word) => folded.includes(word));
}

// Append a text from outside to an element, as far as a reader reads it, with the words in it marked.
function write(where, whole) {
  const seen = visible(whole);
  const text = seen.length > MOST ? `${seen.slice(0, unbroken(seen, MOST))} …` : seen;
  let at = 0;
  for (const [start, end] of has(text) ? places(text) : []) {
    if (end <= at) continue;
    const from = Math.max(start, at);
    where.append(text.slice(at, from));
    where.appendChild(document.createElement("mark")).textContent = text.slice(from, end);
    at = end;
  }
  where.append(text.slice(at));
}

// Papers

// The papers of a shard, newest first. A shard has each field of all papers in turn, null where it has its default.
function papersOf({ days, papers: fields }) {
  let next = 0;
  const paperAt = (place) =>
    Object.fromEntries(Object.entries(fields).map(([name, values]) => [name, values[place] ?? undefined]));
  const withPapers = days.map((day) => ({ ...day, papers: Array.from({ length: day.count }, () => paperAt(next++)) }));
  return withPapers.reverse().flatMap(({ day, language, papers }) =>
    papers.map((paper) => {
      const { title, title_en, summary, highlights = [], organization, authors = [], keywords = [], tags = [], id } = paper;
      const texts = [title ?? "", title_en, summary ?? "", ...highlights, organization];
      // Each on a line of its own: no word reaches from one into the next.
      const text = [...texts, ...authors, ...keywords, ...tags, id, day].map(fold).join("\n");
      return { day, language, paper, text };
    }),
  );
}

function find() {
  const all = (months ?? []).flatMap((month) => papers.get(month) ?? []);
  const found = all.filter(({ text }) => words.every((word) => text.includes(word)));
  // The sort is stable: of equal scores the newest stays first.
  return byScore() ? found.sort((one, other) => other.paper.score - one.paper.score) : found;
}

function byScore() {
  return new FormData(element.form).get("sort") === "best";
}

// A paper that is in leads to its entry, one that was left out to where it is read.
function address({ day, paper }) {
  if (paper.number !== undefined) return `digests/${encodeURIComponent(day)}.html#${encodeURIComponent(paper.id)}`;
  return /^https?:\/\//i.test(paper.link) ? paper.link : "";
}

function itemOf(found) {
  const { day, language, paper } = found;
  const item = element.result.content.firstElementChild.cloneNode(true);
  const part = (selector) => item.querySelector(selector);
  const fill = (selector, text, lang) => {
    write(part(selector), text);
    if (lang) part(selector).lang = lang;
  };
  part("a").href = address(found);
  fill(".title", paper.title ?? paper.title_en, paper.title === undefined ? "en" : language);
  if (paper.title === undefined) part(".english").remove();
  else fill(".english bdi", paper.title_en);
  if (!paper.trophy) part(".trophy").remove();
  part("time").dateTime = day;
  fill("time", day);
  fill(".lab", paper.organization);
  part(".score").textContent = paper.score.toFixed(2);
  part(".in").textContent = paper.number === undefined ? labels.left_out : labels.selected;
  part(".in").classList.toggle("out", paper.number === undefined);
  if (paper.summary) fill(".excerpt bdi", excerpt(paper), paper.summary_language ?? undefined);
  else part(".excerpt").remove();
  writeNames(part(".names"), paper);
  return item;
}

// The summary, or else a highlight, around the words in it; the whole summary where they are elsewhere.
function excerpt({ summary, highlights = [] }) {
  const text = visible([summary, ...highlights].find(has) ?? summary);
  const spans = [];
  for (const [start, end] of has(text) ? firstPlaces(text) : []) {
    const last = spans.at(-1);
    const from = beginning(text, start);
    if (last && from <= last[1]) last[1] = Math.max(last[1], end + AFTER);
    else spans.push([from, end + AFTER]);
  }
  if (!spans.length) return text;
  spans.at(-1)[1] = text.length;
  return spans.map(([from, to]) => (from ? "… " : "") + text.slice(from, unbroken(text, to)).trim()).join(" ");
}

// Where each word stands first.
function firstPlaces(text) {
  const told = new Set();
  return places(text).filter(([start, end]) => {
    const word = fold(text.slice(start, end));
    return !told.has(word) && told.add(word);
  });
}

// Where an excerpt begins that shows what stands at `start`: behind a space or a comma, if one is near.
function beginning(text, start) {
  if (start <= BEFORE) return 0;
  const from = unbroken(text, start - BEFORE);
  const gap = text.slice(from, start).search(/[\s、，。；：！？]/);
  return from + gap + 1;
}

// A place in a text that is not within a character of two units.
function unbroken(text, place) {
  return text.codePointAt(place - 1) > 0xffff ? place - 1 : place;
}

// What a paper was found by that is not shown otherwise.
function writeNames(where, { authors = [], keywords = [], tags = [], id }) {
  const names = [...authors, ...keywords, ...tags, id].filter(has).slice(0, MOST_NAMES);
  if (!names.length) where.remove();
  names.forEach((name, place) => {
    if (place) where.append(", ");
    write(where.appendChild(document.createElement("bdi")), name);
  });
}

// What the reader sees

let frame = 0;
let found; // undefined where it is to be looked for
let drawn = 0; // of the results that are shown, those that have been drawn

// Look for the words again, as something has changed.
function update() {
  found = undefined;
  element.results.setAttribute("aria-busy", "true");
  draw();
}

// A screenful of results is there in the first frame, and the others follow: so no key waits for all of them.
function draw() {
  frame ||= requestAnimationFrame(() => {
    frame = 0;
    drawn = Math.min(drawn + SCREEN, shown);
    showAll();
    if (drawn < Math.min(shown, found.length)) draw();
  });
}

function showAll() {
  found ??= words.length ? find() : [];
  const ready = months !== undefined && !loading.size && !waiting.length;
  const empty = months?.length === 0;
  showItems(found.slice(0, drawn));
  const isDrawn = drawn >= Math.min(shown, found.length);
  element.results.setAttribute("aria-busy", String(!isDrawn || (!ready && !failed.has(""))));
  element.found.textContent = words.length && (found.length || ready) && !empty ? countOf(found.length) : "";
  element.help.hidden = words.length > 0 || empty;
  element.nothing.hidden = !(words.length && ready && !found.length) || empty;
  element.empty.hidden = !empty;
  element.more.hidden = found.length <= shown;
  element.more.textContent = filled(labels.more, { n: Math.min(PAGE, found.length - shown) });
  showProgress(ready);
}

function countOf(number) {
  return number ? filled(labels.found, { n: number }) : labels.nothing;
}

function showProgress(ready) {
  const names = [...loading].join(", ");
  const done = papers.size + failed.size;
  element.loading.textContent = ready || failed.has("") ? "" : names
    ? filled(labels.loading, { months: names, n: done, all: months.length })
    : labels.loading_months;
  element.failed.hidden = !failed.size;
  // Said anew only where it has changed: it is read aloud.
  const text = failed.has("") ? labels.failed_months : filled(labels.failed, { months: [...failed].sort().reverse().join(", ") });
  const told = element.failed.firstElementChild;
  if (failed.size && told.textContent !== text) told.textContent = text;
}

// Items that stay where they are are not touched: one of them may have the focus when another month comes in.
function showItems(found) {
  const list = element.results;
  found.forEach((each, place) => {
    if (!items.has(each)) items.set(each, itemOf(each));
    const item = items.get(each);
    if (list.children[place] !== item) list.insertBefore(item, list.children[place] ?? null);
  });
  while (list.children.length > found.length) list.lastElementChild.remove();
}

// Loading

let waiting = [];

// The JSON of this release at an address.
async function load(address) {
  const answer = await fetch(address, { signal: AbortSignal.timeout(LOAD_MS) });
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  const json = await answer.json();
  if (json.format !== Number(main.dataset.format)) throw new Error(`${address}: format ${json.format}`);
  return json;
}

async function loadMonths() {
  try {
    months = (await load("search/months.json")).months;
    waiting = [...months];
    if (months.length) showExample(months[0]);
    for (let each = 0; each < AT_ONCE; each++) loadWaiting();
  } catch {
    failed.add("");
  }
  update();
}

// A month can be searched for as well.
function showExample(month) {
  element.month.textContent = month;
  element.month.parentElement.hidden = false;
}

// Load what waits, one after another. A month that cannot be had costs itself.
async function loadWaiting() {
  while (waiting.length) {
    const month = waiting.shift();
    loading.add(month);
    update();
    try {
      papers.set(month, papersOf(await load(`search/${month}.json`)));
    } catch {
      failed.add(month);
    }
    loading.delete(month);
    update();
  }
}

function loadAgain() {
  const again = [...failed];
  failed.clear();
  if (again.includes("")) return loadMonths();
  waiting.push(...again.sort().reverse());
  for (let each = 0; each < AT_ONCE; each++) loadWaiting();
}

// What the reader does

let addressTimer;

function search() {
  words = wordsOf(element.query.value);
  shown = PAGE;
  drawn = 0;
  items = new Map();
  clearTimeout(addressTimer);
  addressTimer = setTimeout(writeAddress, ADDRESS_MS);
  update();
}

function ask(query) {
  element.query.value = query;
  element.query.focus();
  search();
}

// A link to this page repeats the search.
function writeAddress() {
  const asked = new URLSearchParams();
  if (element.query.value.trim()) asked.set("q", element.query.value.trim());
  if (byScore()) asked.set("sort", "best");
  history.replaceState(null, "", String(asked) ? `?${asked}` : location.pathname);
}

function readAddress() {
  const asked = new URLSearchParams(location.search);
  element.query.value = asked.get("q") ?? "";
  element.form.elements.sort.value = asked.get("sort") === "best" ? "best" : "newest";
}

// Go `step` on from what has the focus, among the query, the results and the button below them.
function walk(step) {
  const stops = [element.query, ...element.results.querySelectorAll("a"), element.more].filter((one) => !one.hidden);
  const here = stops.indexOf(document.activeElement);
  if (here < 0) return false;
  stops[Math.min(Math.max(here + step, 0), stops.length - 1)].focus();
  return true;
}

// What a key does, and whether it did anything.
const KEYS = {
  "/": () => document.activeElement !== element.query && (element.query.focus(), element.query.select(), true),
  Escape: () => (ask(""), true),
  ArrowDown: () => walk(1),
  ArrowUp: () => walk(-1),
};

function onKey(event) {
  // The keys of an input method choose among Chinese characters.
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (KEYS[event.key]?.()) event.preventDefault();
}

element.query.addEventListener("input", (event) => event.isComposing || search());
element.query.addEventListener("compositionend", search);
element.form.addEventListener("change", (event) => event.target.name === "sort" && search());
element.form.addEventListener("submit", (event) => {
  event.preventDefault();
  walk(1);
});
element.help.addEventListener("click", (event) => event.target.matches("button") && ask(event.target.textContent));
element.failed.addEventListener("click", (event) => event.target.matches("button") && loadAgain());
element.more.addEventListener("click", () => {
  shown += PAGE;
  drawn = shown;
  showAll();
  element.results.children[shown - PAGE].querySelector("a").focus();
});
document.addEventListener("keydown", onKey);

element.form.hidden = false;
readAddress();
search();
loadMonths();
if (!element.query.value) element.query.focus();
