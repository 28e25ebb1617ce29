// The live page: puts the client, what is known and what is shown together. js/view.js knows the chosen symbol, the other modules show one thing each.

import { Charts } from "./js/charts.js";
import { dayAndMinute, decimalsOf } from "./js/format.js";
import { Health } from "./js/health.js";
import { showEvents, showSignals } from "./js/history.js";
import * as panels from "./js/panels.js";
import { View } from "./js/view.js";
import { Watchlist } from "./js/watchlist.js";
import { Client } from "./tickerplant.js";

const ORDER = ["1m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "2d", "1w", "1M"];
const STALE_MS = 15000;
const LIST_EVERY_MS = 5000;
const DRAW_EVERY_MS = 200;

const byId = (id) => document.getElementById(id);
const charts = new Charts(byId, showUnderCursor);
const watchlist = new Watchlist(byId("symbols"), byId("search"), (symbol) => choose(symbol, view.timeframe));
const health = new Health(byId("sources"));
let view = new View(...fromAddress());
let series = [];
let kafka = "up";
let state = "connecting";
let holes = 0;
let reconnects = 0;
let dirty = true; // the chosen symbol's
let isListDirty = true; // that of all symbols, and of the sources
let endings = [];
let endLive = () => {};

function fromAddress() {
  const [symbol = "", timeframe = "1m"] = decodeURIComponent(location.hash.slice(1)).split("/");
  return [symbol, ORDER.includes(timeframe) ? timeframe : "1m"];
}

const client = new Client(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`, {
  onState(now, why) {
    if (now === "open" && state === "reconnecting") reconnects += 1;
    state = now;
    panels.showAccess(now === "locked" ? why : "");
    if (now === "closed") panels.showNotice(`The gateway says: ${why}`);
    if (now === "open") view.heardMs = performance.now();
    if (now === "open") client.list(takeList);
    showState();
  },
  onKafka(now) {
    kafka = now;
    showState();
  },
  onHole() {
    holes += 1;
  },
});

/** Of all symbols; who may not have them all has a list without prices. */
function followAll() {
  const quiet = (take) => (message) => {
    for (const item of message.items ?? (message.type === undefined ? [message] : [])) take(item);
    isListDirty = true;
  };
  const takeQuality = (quality) => {
    watchlist.takeQuality(quality);
    health.takeQuality(quality);
  };
  client.subscribe({ channel: "market-summary", symbol: "*" }, quiet((summary) => watchlist.takeSummary(summary)));
  client.subscribe({ channel: "quality", symbol: "*", source: "*" }, quiet(takeQuality), { resumes: false });
}

/** Prices of the other symbols, once a second. */
function followOthers() {
  endLive();
  const symbol = watchlist.live();
  if (!symbol.length) return;
  const ending = client.subscribe({ channel: "ticks", symbol, max_per_s: 1, filters: { kind: "trade" } }, (message) => {
    for (const item of message.items ?? (message.type === undefined ? [message] : [])) watchlist.takeTrade(item);
  });
  endLive = () => {
    ending();
    endLive = () => {};
  };
}

function take(message) {
  if (message.type === "error") return panels.showNotice(`The gateway says: ${message.message}`);
  view.take(message);
  if (message.channel === "ticks" && view.trade) watchlist.takeTrade(view.trade);
  dirty = true;
  return undefined;
}

function takeList(message) {
  series = message.series;
  const isNew = watchlist.add(series.map((entry) => entry.symbol));
  if (!view.symbol && series.length) choose(series[0].symbol, view.timeframe);
  else if (isNew) followOthers();
  showTimeframes();
  isListDirty = true;
}

function choose(symbol, timeframe) {
  for (const end of endings) end();
  endLive();
  view = new View(symbol, timeframe);
  history.replaceState(null, "", `#${encodeURIComponent(symbol)}/${timeframe}`);
  panels.showNotice("");
  watchlist.add([symbol]);
  watchlist.mark(symbol);
  const own = view;
  const mine = (message) => own === view && take(message);
  endings = [
    client.subscribe({ channel: "ticks", symbol }, mine, { resumes: false }), // the snapshot's last trade and quote are all that is shown
    ...["ohlcv", "indicators", "signals"].map((channel) => client.subscribe({ channel, symbol, timeframe }, mine)),
    client.subscribe({ channel: "gaps", symbol }, mine),
  ];
  followOthers();
  dirty = true;
  showTimeframes();
}

function showTimeframes() {
  const seen = new Set(series.filter((entry) => entry.symbol === view.symbol).flatMap((entry) => entry.timeframes));
  panels.fillTimeframes(ORDER.filter((name) => seen.has(name) || name === view.timeframe), view.timeframe);
}

function useToken(event) {
  event.preventDefault();
  const token = byId("token").value.trim();
  byId("token").value = "";
  panels.showAccess("");
  client.useToken(token);
}

function showState() {
  if (state !== "open") return panels.showState(state);
  if (kafka !== "up") return panels.showState("stale", "no broker");
  const silentMs = performance.now() - view.heardMs;
  return silentMs > STALE_MS ? panels.showState("stale", `no tick for ${Math.round(silentMs / 1000)} s`) : panels.showState("live");
}

function draw() {
  if (isListDirty || dirty) drawList();
  if (!dirty) return;
  dirty = false;
  const bars = view.sortedBars();
  const reference = bars.length ? { value: bars[0].open, since: dayAndMinute(new Date(bars[0].time * 1000).toISOString()) } : null;
  panels.showSource(view.symbol || "—", view.source);
  panels.showTrade(view.trade, reference);
  panels.showQuote(view.quote);
  panels.showQuality(view.tick, view.latest);
  panels.showSignal(view.signal);
  panels.showBar(view.latest);
  panels.showIndicators(view.indicators.get(Math.max(...view.indicators.keys()))?.named ?? {});
  drawCharts(bars);
  drawHistory(bars);
}

function drawCharts(bars) {
  const precision = view.latest ? decimalsOf([view.latest.open, view.latest.close]) : 2;
  const { forming, indicators, signals } = view;
  const marked = charts.show({ bars, forming, indicators, signals, gaps: view.gapSpans(), secondsABar: view.secondsABar(), precision });
  if (view.hasNewBars && bars.length) {
    charts.showNewest(bars.length);
    view.hasNewBars = false;
  }
  panels.showCounts(bars.length, [...indicators.values()], marked);
}

function drawHistory(bars) {
  const signals = [...view.signals].sort(([one], [other]) => other - one).map(([, signal]) => signal);
  showSignals(byId("signals"), signals, byId("holds").checked);
  showEvents(byId("events"), view.gapSpans(), bars.filter(({ message }) => message.revision || ["incomplete", "synthetic"].includes(message.kind)));
}

function drawList() {
  isListDirty = false;
  watchlist.arrange();
  const sources = series.filter((entry) => entry.symbol === view.symbol).map((entry) => entry.source);
  health.show(view.symbol, sources, view.source);
}

/** time: seconds of the bar that is pointed at; null: of none. */
function showUnderCursor(time) {
  panels.showBar(time === null ? view.latest : (view.bars.get(time)?.message ?? view.latest));
}

function showFeed() {
  panels.showFeed({ rate: view.rate(), latencyMs: view.latencyMs, number: view.tick?.source_seq ?? 0, holes, lost: view.lost, reconnects, kafka });
  showState();
}

byId("access").addEventListener("submit", useToken);
byId("holds").addEventListener("change", () => drawHistory(view.sortedBars()));
byId("timeframes").addEventListener("change", (event) => choose(view.symbol, event.target.value));
byId("search").addEventListener("change", followOthers);
window.addEventListener("hashchange", () => {
  const [symbol, timeframe] = fromAddress();
  if (symbol && (symbol !== view.symbol || timeframe !== view.timeframe)) choose(symbol, timeframe);
});
setInterval(draw, DRAW_EVERY_MS);
setInterval(showFeed, 1000);
setInterval(() => client.list(takeList), LIST_EVERY_MS);
followAll();
if (view.symbol) choose(view.symbol, view.timeframe);
