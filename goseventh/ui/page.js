"use strict";
const PERIOD = 2000;   // milliseconds between two looks
const WINDOW = 10;     // looks that latencies are taken over
const OLDEST = 25;     // seconds after which a look is none: the page was hidden meanwhile
const TREND = 60;      // rates that the line shows
const MOST = 50;       // people that a search finds at most
const TOKEN = "goseventh-token", LANGUAGE = "goseventh-language";
const $ = (id) => document.getElementById(id);
const english = new Map([...document.querySelectorAll("[data-word]")].map((place) => [place, place.textContent]));
let language = kept(LANGUAGE) ?? (navigator.language.startsWith("pt") ? "pt-BR" : "en");
let looks = [], rates = [], timer;

// A browser may keep nothing for anybody; then it throws.
function kept(name) {
  try { return localStorage.getItem(name); } catch { return null; }
}

function keep(name, value) {
  try { localStorage.setItem(name, value); } catch { /* until the page is closed it holds all the same */ }
}

// What this page itself asks for is none of what is to be watched.
const own = (path) => path === "/stats" || path.startsWith("/ui");
const portuguese = () => language === "pt-BR";
const number = (value) => value.toLocaleString(language, { maximumFractionDigits: value < 10 ? 1 : 0 });

function word(name, put = {}) {
  const text = (portuguese() ? PORTUGUESE : ENGLISH)[name];
  return text.replace(/\{(\w+)\}/g, (_, key) => put[key]);
}

function element(kind, text = "", className = "") {
  const made = document.createElement(kind);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

function write(id, text) {
  if ($(id).textContent !== text) $(id).textContent = text;
}

function speak(chosen) {
  language = chosen;
  document.documentElement.lang = language;
  for (const [place, text] of english) if (place.id !== "state") place.textContent = portuguese() ? PORTUGUESE[place.dataset.word] : text;
  $("language").textContent = portuguese() ? "English" : "Português";
  $("language").lang = portuguese() ? "en" : "pt-BR";
  for (const id of ["found", "created", "token-wrong"]) $(id).textContent = "";
  tell($("state").dataset.state);
  if (looks.length) show();
}

function tell(state) {
  $("state").dataset.state = state;
  write("state", state === "waiting" && !portuguese() ? english.get($("state")) : word(state));
}

// --- live figures

async function look() {
  clearTimeout(timer);
  if (!document.hidden) await ask();
  timer = setTimeout(look, PERIOD);
}

async function ask() {
  const token = sessionStorage.getItem(TOKEN);
  try {
    const answer = await fetch("stats", { headers: token ? { Authorization: `Bearer ${token}` } : {} });
    if (answer.status === 401) return lock(token !== null);
    if (!answer.ok) return tell("lost");
    const stats = await answer.json();
    const before = looks.at(-1);
    if (before && stats.uptime_seconds < before.uptime_seconds) looks = [], rates = [];  // another server by now
    looks = looks.filter(({ uptime_seconds }) => stats.uptime_seconds - uptime_seconds <= OLDEST);
    if (looks.length) rates = [...rates, rate(looks.at(-1), stats)].slice(-TREND);
    looks = [...looks, stats].slice(-WINDOW - 1);
    tell("live");
    show();
  } catch {
    tell("lost");
  }
}

function lock(wrong) {
  sessionStorage.removeItem(TOKEN);
  $("figures").hidden = true;
  $("entrance").hidden = false;
  tell("locked");
  if (wrong) write("token-wrong", word("wrong_token"));
}

function rate(before, now) {
  const seconds = now.uptime_seconds - before.uptime_seconds;
  const watched = (stats) => totals({ requests: stats.requests.filter(({ path }) => !own(path)) }).answers;
  return seconds > 0 ? (watched(now) - watched(before)) / seconds : 0;
}

function show() {
  const now = looks.at(-1), before = looks.length > 1 ? looks[0] : null;
  const bounds = now.latency_bounds;
  const asked = latencies(now, before, ({ path }) => !own(path));
  $("entrance").hidden = true;
  $("figures").hidden = false;
  write("version", now.version);
  write("people", now.people.toLocaleString(language));
  write("rate", rates.length ? number(rates.at(-1)) : "–");
  write("median", duration(quantile(bounds, asked, 0.5), language));
  write("slowest", duration(quantile(bounds, asked, 0.99), language));
  write("faults", totals(now).faults.toLocaleString(language));
  write("workers", String(now.workers));
  write("size", bytes(now.store.used, language));
  write("uptime", age(now.uptime_seconds));
  write("strategy", now.strategy);
  write("promise", portuguese() ? PROMISES[now.strategy] : `${now.promise[0].toUpperCase()}${now.promise.slice(1)}.`);
  $("endpoints").replaceChildren(...now.requests.filter(({ path }) => !own(path)).map((endpoint) => line(endpoint, now, before)));
  draw();
}

function line(endpoint, now, before) {
  const same = ({ method, path }) => method === endpoint.method && path === endpoint.path;
  const buckets = latencies(now, before, same);
  const row = element("tr"), head = element("th");
  head.scope = "row";
  head.append(element("code", endpoint.method ? `${endpoint.method} ${endpoint.path}` : word("other")));
  const answers = Object.values(endpoint.statuses).reduce((sum, count) => sum + count, 0);
  const texts = [answers.toLocaleString(language), ...[0.5, 0.99].map((part) => duration(quantile(now.latency_bounds, buckets, part), language))];
  row.append(head, ...texts.map((text) => element("td", text, "number")));
  return row;
}

function draw() {
  const canvas = $("trend"), pen = canvas.getContext("2d"), most = Math.max(1, ...rates);
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.strokeStyle = getComputedStyle(document.body).getPropertyValue("--accent");
  pen.lineWidth = 3;
  pen.lineJoin = "round";
  pen.beginPath();
  rates.forEach((one, place) => pen.lineTo(
    canvas.width * (1 - (rates.length - 1 - place) / (TREND - 1)), canvas.height - 4 - (canvas.height - 12) * one / most));
  pen.stroke();
}

// --- people

async function refusal(answer) {
  const problem = await answer.json();
  return (portuguese() && REFUSALS[problem.field]) || problem.detail;
}

function person({ apelido, nome, nascimento, stack }) {
  const item = element("li"), first = element("div");
  first.append(element("strong", apelido), " ", element("span", nome), " ", element("span", nascimento));
  item.append(first);
  if (stack?.length) {
    const tags = element("div", "", "tags");
    tags.append(...stack.map((one) => element("code", one)));
    item.append(tags);
  }
  return item;
}

async function find(event) {
  event.preventDefault();
  const asked = new URLSearchParams({ t: $("term").value, fuzzy: $("search").elements.kind.value });
  $("found").className = "";
  try {
    const answer = await fetch(`pessoas?${asked}`);
    const people = answer.ok ? await answer.json() : [];
    $("results").replaceChildren(...people.map(person));
    if (answer.ok) write("found", word(["nobody", "one"][people.length] ?? (people.length < MOST ? "many" : "first"), { n: people.length }));
    else fail("found", await refusal(answer));
  } catch {
    fail("found", word("lost"));
  }
}

async function create(event) {
  event.preventDefault();
  const fields = $("create").elements;
  const stack = fields.stack.value.split(",").map((one) => one.trim()).filter(Boolean);
  const wanted = { apelido: fields.apelido.value, nome: fields.nome.value, nascimento: fields.nascimento.value, stack: stack.length ? stack : null };
  for (const name of Object.keys(wanted)) fields[name].removeAttribute("aria-invalid");
  try {
    const answer = await fetch("pessoas", { method: "POST", body: JSON.stringify(wanted) });
    if (answer.ok) {
      $("created").className = "good";
      $("created").textContent = word("created", { who: (await answer.json()).id });
      $("create").reset();
      fields.apelido.focus();
      return;
    }
    const problem = await answer.clone().json();
    const text = problem.existing ? word("taken", { who: problem.existing }) : await refusal(answer);
    fail("created", text);
    if (fields[problem.field]) {
      fields[problem.field].setAttribute("aria-invalid", "true");
      fields[problem.field].focus();
    }
  } catch {
    fail("created", word("lost"));
  }
}

function fail(id, text) {
  $(id).className = "bad";
  $(id).textContent = text;
}

$("entrance").addEventListener("submit", async (event) => {
  event.preventDefault();
  write("token-wrong", "");
  sessionStorage.setItem(TOKEN, $("token").value);
  $("token").value = "";
  await ask();
  ($("entrance").hidden ? $("main") : $("token")).focus();
});
$("search").addEventListener("submit", find);
$("create").addEventListener("submit", create);
$("language").addEventListener("click", () => {
  speak(portuguese() ? "en" : "pt-BR");
  keep(LANGUAGE, language);
});
document.addEventListener("visibilitychange", () => document.hidden || look());
speak(language);
look();
