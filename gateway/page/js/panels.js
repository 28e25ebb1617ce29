// Writes price, signal, quality and feed into the page. Takes messages, changes text, decides nothing.

import { clock, dayAndMinute, decimal, float, percent, reason, signedPercent } from "./format.js";

const byId = (id) => document.getElementById(id);
export const NAMES = { macd: "MACD", rsi: "RSI", momentum: "Momentum", score: "Weighted score", status: "Status" };
export const VOTES = { 1: "▲ buy", 0: "· hold", "-1": "▼ sell" };
const STATES = { live: "Live", stale: "Stale", connecting: "Connecting", reconnecting: "Reconnecting", locked: "Token needed", closed: "Refused" };

function write(id, text) {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text;
}

function fill(id, share, level) {
  const element = byId(id);
  element.style.width = `${Math.max(0, Math.min(1, share)) * 100}%`;
  element.dataset.level = level;
}

export function showState(state, detail = "") {
  byId("state").dataset.state = state;
  write("state-text", detail ? `${STATES[state]}: ${detail}` : STATES[state]);
}

export function showNotice(text) {
  byId("notice").hidden = !text;
  write("notice", text);
}

/** The form for a token, with why it is needed; nothing without. */
export function showAccess(why) {
  byId("access").hidden = !why;
  write("access-why", why);
}

export function showSource(symbol, source) {
  write("name", symbol);
  write("source", source || "no data yet");
  byId("simulated").hidden = !source.includes("simulated");
  document.title = `${symbol} · Tickerplant`;
}

export function showTrade(trade, reference) {
  write("price", decimal(trade?.price));
  write("size", decimal(trade?.volume));
  write("time", clock(trade?.timestamp));
  const ratio = trade && reference ? Number(trade.price) / reference.value - 1 : NaN;
  const direction = !Number.isFinite(ratio) || ratio === 0 ? "none" : ratio > 0 ? "up" : "down";
  byId("change").dataset.direction = direction;
  const arrow = { up: "▲ ", down: "▼ ", none: "" }[direction];
  write("change", Number.isFinite(ratio) ? `${arrow}${signedPercent(ratio)} since ${reference.since}` : "");
}

export function showQuote(quote) {
  write("bid", decimal(quote?.bid));
  write("ask", decimal(quote?.ask));
  const spread = quote ? Number(quote.ask) - Number(quote.bid) : NaN;
  const decimals = quote ? Math.min(8, Math.max(2, (quote.ask.split(".")[1] ?? "").replace(/0+$/, "").length)) : 2;
  write("spread", float(spread, decimals));
}

export function showQuality(tick, bar) {
  meter("quality", tick?.quality);
  meter("bar-quality", bar?.quality);
  const codes = [...new Set([...(tick?.reasons ?? []), ...(bar?.reasons ?? [])])];
  const items = codes.map((code) => item(code, reason(code)));
  byId("reasons").replaceChildren(...(items.length ? items : [muted(tick || bar ? "Nothing took score." : "No data yet.")]));
}

function meter(id, score) {
  write(id, float(score, 3));
  fill(`${id}-fill`, score ?? 0, score >= 0.9 ? "good" : score >= 0.5 ? "fair" : "poor");
}

function item(code, text) {
  const element = document.createElement("li");
  element.dataset.reason = code;
  element.textContent = text;
  return element;
}

function muted(text) {
  const element = document.createElement("li");
  element.className = "muted";
  element.textContent = text;
  return element;
}

export function showSignal(signal) {
  byId("signal").dataset.action = signal?.action ?? "none";
  write("signal-action", signal ? signal.action.toUpperCase() : "—");
  write("signal-why", signal ? why(signal) : "No signal yet: it comes with the next closed bar.");
  write("signal-score", float(signal?.score, 3));
  write("signal-confidence", percent(signal?.confidence ?? NaN));
  write("signal-decided", signal ? (NAMES[signal.decided_by] ?? signal.decided_by) : "—");
  write("signal-valid", dayAndMinute(signal?.valid_until));
  const status = byId("signal-status");
  status.hidden = !signal;
  status.dataset.status = signal?.status ?? "";
  write("signal-status", (signal?.status ?? "").replace("_", " "));
  showScore(signal?.score ?? 0);
  showComponents(signal?.components ?? {});
}

/** A signal's decision as a sentence. */
export function why(signal) {
  const at = `bar of ${dayAndMinute(signal.timestamp)}, closed at ${decimal(signal.close)}`;
  if (signal.status === "unwarm") return `Held: an indicator has not yet seen its minimum of bars (${at}).`;
  if (signal.status === "low_quality") return `Held: the quality of the bar, ${float(signal.quality, 2)}, is below the minimum (${at}).`;
  if (signal.decided_by === "score") return `The weighted score of ${float(signal.score, 2)} decided; beyond ±0.33 it acts (${at}).`;
  return `${NAMES[signal.decided_by] ?? signal.decided_by} decided: the first with a vote, in the order MACD, RSI, momentum (${at}).`;
}

function showScore(score) {
  const element = byId("score-fill");
  element.style.left = `${50 + Math.min(0, score) * 50}%`;
  element.style.width = `${Math.abs(score) * 50}%`;
  element.dataset.direction = score > 0 ? "up" : "down";
}

function showComponents(components) {
  const rows = Object.entries(components).map(([name, vote]) => {
    const row = document.createElement("tr");
    const cells = [NAMES[name] ?? name, VOTES[vote.signal] ?? String(vote.signal), percent(vote.weight), vote.warm ? "yes" : "not yet"];
    cells.forEach((text, index) => {
      const cell = document.createElement(index ? "td" : "th");
      if (!index) cell.scope = "row";
      cell.textContent = text;
      row.append(cell);
    });
    row.dataset.vote = String(vote.signal);
    return row;
  });
  if (rows.length) byId("components").replaceChildren(...rows);
  else byId("components").innerHTML = '<tr><td colspan="4" class="muted">—</td></tr>';
}

export function showIndicators(values) {
  const state = (entry, text) => (entry ? `${text}${entry.warm ? "" : " · warming up"}` : "—");
  const { rsi, macd, momentum } = values;
  write("rsi-value", state(rsi, float(rsi?.values.value, 1)));
  write("macd-value", state(macd, `${float(macd?.values.macd)} · signal ${float(macd?.values.signal)} · histogram ${float(macd?.values.histogram)}`));
  write("momentum-value", state(momentum, signedPercent(momentum?.values.value ?? NaN)));
}

export function showBar(bar) {
  write("legend", bar ? `O ${decimal(bar.open)}  H ${decimal(bar.high)}  L ${decimal(bar.low)}  C ${decimal(bar.close)}  V ${decimal(bar.volume)} · ${bar.kind}${bar.revision ? ` r${bar.revision}` : ""} · ${dayAndMinute(bar.timestamp)}` : "");
}

/** number: of the last tick; holes: that the page saw in its stream; lost: of them, those that could not be filled. */
export function showFeed({ rate, latencyMs, number, holes, lost, reconnects, kafka }) {
  write("rate", rate === null ? "—" : float(rate, rate < 10 ? 1 : 0));
  write("latency", latencyMs === null ? "—" : latencyMs > 60000 ? "recorded" : `${Math.max(0, Math.round(latencyMs))} ms`);
  write("number", number ? number.toLocaleString("en") : "—");
  write("holes", String(holes));
  write("lost", String(lost));
  write("reconnects", String(reconnects));
  write("kafka", kafka);
}

export function showCounts(bars, values, marked) {
  const main = byId("main");
  main.dataset.candles = String(bars);
  for (const name of ["rsi", "macd", "momentum"]) main.dataset[name] = String(values.filter((entry) => Number.isFinite(entry[name])).length);
  Object.assign(main.dataset, { gaps: String(marked.gaps), corrections: String(marked.corrections) });
  byId("empty").hidden = bars > 0;
}

export function fillTimeframes(names, chosen) {
  const group = byId("timeframes");
  const same = group.children.length === names.length && names.every((name, index) => group.children[index].dataset.name === name);
  if (!same) group.replaceChildren(...names.map((name) => segment(name)));
  for (const input of group.querySelectorAll("input")) input.checked = input.value === chosen;
}

function segment(name) {
  const label = document.createElement("label");
  label.dataset.name = name;
  const input = document.createElement("input");
  Object.assign(input, { type: "radio", name: "timeframe", value: name });
  const text = document.createElement("span");
  text.textContent = name;
  label.append(input, text);
  return label;
}
