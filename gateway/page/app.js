// The live page: one symbol and one timeframe at a time. State lives here; connection.js brings messages, panels.js and charts.js show them.

import { Charts } from "./js/charts.js";
import { Connection } from "./js/connection.js";
import { dayAndMinute, decimalsOf } from "./js/format.js";
import * as panels from "./js/panels.js";

const ORDER = ["1m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "2d", "1w", "1M"];
const SECONDS = { "1m": 60, "5m": 300, "15m": 900, "30m": 1800, "1h": 3600, "2h": 7200, "4h": 14400, "6h": 21600, "8h": 28800, "12h": 43200, "1d": 86400 };
const MOST_BARS = 300;
const STALE_MS = 15000;
const LIST_EVERY_MS = 5000;
const DRAW_EVERY_MS = 200;

const byId = (id) => document.getElementById(id);
const charts = new Charts(byId);
let view = fresh(...fromAddress());
let series = [];
let kafka = "up";
let isOpen = false;
let wasOpen = false;
let isTokenWanted = false;
let dirty = true;
let needsFit = true;

function fresh(symbol, timeframe) {
  return { symbol, timeframe, source: "", trade: null, quote: null, tick: null, bars: new Map(), indicators: new Map(), signals: new Map(),
    forming: null, latest: null, signal: null, heardMs: performance.now(), ticks: [], latencyMs: null, holes: 0 };
}

function fromAddress() {
  const [symbol = "", timeframe = "1m"] = decodeURIComponent(location.hash.slice(1)).split("/");
  return [symbol, ORDER.includes(timeframe) ? timeframe : "1m"];
}

const connection = new Connection(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`, {
  open() {
    isOpen = wasOpen = true;
    askForToken("");
    connection.send({ action: "list" });
    view.heardMs = performance.now();
    showState();
  },
  closed() {
    isOpen = false;
    showState();
  },
  status(message) {
    kafka = message.kafka;
    showState();
  },
  tokenWanted: askForToken,
  hole() {
    view.holes += 1;
    dirty = true;
  },
  message: take,
});

function take(message) {
  if (message.type === "list") return takeList(message);
  if (message.type === "error") return panels.showNotice(`The gateway says: ${message.message}`);
  if (message.symbol !== view.symbol || (message.timeframe && message.timeframe !== view.timeframe)) return undefined;
  if (message.type === "snapshot") return takeSnapshot(message);
  if (message.type === undefined) takeUpdate(message, false);
  return undefined;
}

function takeList(message) {
  series = message.series;
  if (!view.symbol && series.length) choose(series[0].symbol, view.timeframe);
  showChoosers();
}

function takeSnapshot(message) {
  for (const item of message.items) takeUpdate(item, true);
  if (message.channel === "ohlcv") needsFit = true;
}

function takeUpdate(message, isHistory) {
  const takers = { ticks: takeTick, ohlcv: takeBar, indicators: takeIndicators, signals: takeSignal };
  takers[message.channel](message, isHistory);
  view.source = message.source;
  dirty = true;
}

function takeTick(tick, isHistory) {
  view.tick = tick;
  if (tick.kind === "trade") view.trade = tick;
  else view.quote = tick;
  if (isHistory) return;
  const nowMs = performance.now();
  view.heardMs = nowMs;
  view.ticks.push(nowMs);
  view.latencyMs = Date.now() - Number(tick.ts_receive_ns) / 1e6;
  if (tick.kind === "trade") addToForming(tick);
}

/** The interval that is still open, as far as this page saw it; the closed bar takes its place. */
function addToForming(trade) {
  const length = SECONDS[view.timeframe];
  if (!length) return;
  const seconds = Math.floor(Date.parse(trade.timestamp) / 1000);
  const time = seconds - (seconds % length);
  const newest = view.latest ? timeOf(view.latest) : 0;
  if (time <= newest || (view.forming && time < view.forming.time)) return;
  const [price, size] = [Number(trade.price), Number(trade.volume)];
  const open = view.forming?.time === time ? view.forming : { time, open: price, high: price, low: price, close: price, volume: 0 };
  view.forming = { ...open, high: Math.max(open.high, price), low: Math.min(open.low, price), close: price, volume: open.volume + size };
}

const timeOf = (message) => Date.parse(message.timestamp) / 1000;

function takeBar(bar) {
  const time = timeOf(bar);
  view.bars.set(time, { time, open: Number(bar.open), high: Number(bar.high), low: Number(bar.low), close: Number(bar.close), volume: Number(bar.volume) });
  if (!view.latest || time >= timeOf(view.latest)) view.latest = bar;
  if (view.forming && view.forming.time <= time) view.forming = null;
  while (view.bars.size > MOST_BARS) view.bars.delete(Math.min(...view.bars.keys()));
}

function takeIndicators(message) {
  const named = {};
  for (const entry of Object.values(message.indicators)) named[entry.name] ??= entry;
  const { rsi, macd, momentum } = named;
  const time = timeOf(message);
  view.indicators.set(time, { named, rsi: rsi?.values.value, macd: macd?.values.macd, signal: macd?.values.signal, histogram: macd?.values.histogram, momentum: momentum?.values.value });
  while (view.indicators.size > MOST_BARS) view.indicators.delete(Math.min(...view.indicators.keys()));
}

function takeSignal(signal) {
  view.signals.set(timeOf(signal), signal.signal);
  if (!view.signal || timeOf(signal) >= timeOf(view.signal)) view.signal = signal;
  while (view.signals.size > MOST_BARS) view.signals.delete(Math.min(...view.signals.keys()));
}

function choose(symbol, timeframe) {
  connection.unsubscribeAll();
  view = fresh(symbol, timeframe);
  history.replaceState(null, "", `#${encodeURIComponent(symbol)}/${timeframe}`);
  panels.showNotice("");
  for (const channel of ["ticks", "ohlcv", "indicators", "signals"]) {
    connection.subscribe(channel === "ticks" ? { channel, symbol } : { channel, symbol, timeframe });
  }
  needsFit = dirty = true;
  showChoosers();
}

function showChoosers() {
  panels.fillSymbols(series, view.symbol);
  const seen = new Set(series.filter((entry) => entry.symbol === view.symbol).flatMap((entry) => entry.timeframes));
  panels.fillTimeframes(ORDER.filter((name) => seen.has(name) || name === view.timeframe), view.timeframe);
}

/** why: empty when there is nothing to ask for. */
function askForToken(why) {
  isTokenWanted = why !== "";
  panels.showAccess(why);
  showState();
}

function useToken(event) {
  event.preventDefault();
  const token = byId("token").value.trim();
  byId("token").value = "";
  askForToken("");
  connection.useToken(token);
}

function showState() {
  if (isTokenWanted) return panels.showState("locked");
  if (!isOpen) return panels.showState(wasOpen ? "reconnecting" : "connecting");
  if (kafka !== "up") return panels.showState("stale", "no broker");
  const silentMs = performance.now() - view.heardMs;
  return silentMs > STALE_MS ? panels.showState("stale", `no tick for ${Math.round(silentMs / 1000)} s`) : panels.showState("live");
}

function draw() {
  if (!dirty) return;
  dirty = false;
  const bars = [...view.bars.values()].sort((one, other) => one.time - other.time);
  const reference = bars.length ? { value: bars[0].open, since: dayAndMinute(new Date(bars[0].time * 1000).toISOString()) } : null;
  panels.showSource(view.symbol || "—", view.source);
  panels.showTrade(view.trade, reference);
  panels.showQuote(view.quote);
  panels.showQuality(view.tick, view.latest);
  panels.showSignal(view.signal);
  panels.showBar(view.latest);
  const newestIndicators = view.indicators.get(Math.max(...view.indicators.keys()));
  panels.showIndicators(newestIndicators?.named ?? {});
  const precision = view.latest ? decimalsOf([view.latest.open, view.latest.close]) : 2;
  charts.show({ bars, forming: view.forming, indicators: view.indicators, signals: view.signals, precision });
  panels.showCounts(bars.length, [...view.indicators.values()]);
  if (needsFit && bars.length) {
    charts.showNewest(bars.length);
    needsFit = false;
  }
}

function showFeed() {
  const nowMs = performance.now();
  while (view.ticks.length && nowMs - view.ticks[0] > 5000) view.ticks.shift();
  panels.showFeed({ rate: view.symbol ? view.ticks.length / 5 : null, latencyMs: view.latencyMs, number: view.tick?.source_seq ?? 0, holes: view.holes });
  showState();
}

byId("access").addEventListener("submit", useToken);
byId("symbol").addEventListener("change", (event) => choose(event.target.value, view.timeframe));
byId("timeframes").addEventListener("change", (event) => choose(view.symbol, event.target.value));
window.addEventListener("hashchange", () => {
  const [symbol, timeframe] = fromAddress();
  if (symbol && (symbol !== view.symbol || timeframe !== view.timeframe)) choose(symbol, timeframe);
});
setInterval(draw, DRAW_EVERY_MS);
setInterval(showFeed, 1000);
setInterval(() => connection.send({ action: "list" }), LIST_EVERY_MS);
if (view.symbol) choose(view.symbol, view.timeframe);
connection.connect();
