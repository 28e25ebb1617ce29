// The list of symbols: last price, change of the day, quality. One stop for the keyboard; arrows move in it, Enter chooses.

import { decimal, float, signedPercent } from "./format.js";

const MOST_LIVE = 40; // symbols whose price follows every second; of more, the list shows the last minute's

export class Watchlist {
  /** choose(symbol): the reader wants it. */
  constructor(list, search, choose) {
    Object.assign(this, { list, search, choose, rows: new Map(), chosen: "", active: "", hasNewRows: false });
    list.addEventListener("click", (event) => this.pick(event.target.closest("[role=option]")?.dataset.symbol));
    list.addEventListener("keydown", (event) => this.press(event));
    list.addEventListener("focus", () => this.activate(this.active || this.chosen || this.shown()[0]));
    search.addEventListener("input", () => this.filter());
  }

  symbols() {
    return [...this.rows.keys()];
  }

  /** Which symbols to follow every second, beside the chosen one. */
  live() {
    return this.shown().filter((symbol) => symbol !== this.chosen).slice(0, MOST_LIVE);
  }

  /** Adds what is new. True if there was something. It is shown by the next `arrange`. */
  add(symbols) {
    const fresh = symbols.filter((symbol) => !this.rows.has(symbol));
    for (const symbol of fresh) this.rows.set(symbol, row(symbol));
    this.hasNewRows ||= fresh.length > 0;
    return fresh.length > 0;
  }

  /** Puts new rows in their places: once for many of them. */
  arrange() {
    if (!this.hasNewRows) return;
    this.hasNewRows = false;
    this.rows = new Map([...this.rows].sort(([one], [other]) => (one < other ? -1 : 1)));
    this.list.replaceChildren(...[...this.rows.values()].map(({ element }) => element));
    this.filter();
    this.mark(this.chosen);
  }

  /** A symbol's day. */
  takeSummary(summary) {
    const row = this.row(summary.symbol);
    const ratio = Number(summary.change_percent) / 100;
    Object.assign(row, { openOfDay: Number(summary.open) });
    this.showLast(row, summary.last, ratio);
  }

  takeTrade(trade) {
    const row = this.row(trade.symbol);
    const open = row.openOfDay;
    this.showLast(row, trade.price, open ? Number(trade.price) / open - 1 : NaN);
  }

  takeQuality(quality) {
    if (!quality.primary) return;
    const { quality: cell } = this.row(quality.symbol);
    write(cell, float(quality.score, 2));
    cell.dataset.level = quality.score >= 0.9 ? "good" : quality.score >= 0.5 ? "fair" : "poor";
  }

  row(symbol) {
    if (!this.rows.has(symbol)) this.add([symbol]);
    return this.rows.get(symbol);
  }

  showLast(row, last, ratio) {
    write(row.last, decimal(last));
    if (!Number.isFinite(ratio)) return;
    write(row.change, signedPercent(ratio));
    row.change.dataset.direction = ratio > 0 ? "up" : ratio < 0 ? "down" : "none";
  }

  mark(symbol) {
    this.chosen = symbol;
    for (const [name, { element }] of this.rows) element.setAttribute("aria-selected", String(name === symbol));
  }

  filter() {
    const wanted = this.search.value.trim().toUpperCase();
    for (const [name, { element }] of this.rows) element.hidden = !name.toUpperCase().includes(wanted);
  }

  shown() {
    return [...this.rows].filter(([, { element }]) => !element.hidden).map(([name]) => name);
  }

  press(event) {
    const shown = this.shown();
    const at = shown.indexOf(this.active);
    const moves = { ArrowDown: at + 1, ArrowRight: at + 1, ArrowUp: at - 1, ArrowLeft: at - 1, Home: 0, End: shown.length - 1 };
    if (event.key in moves) this.activate(shown[Math.max(0, Math.min(shown.length - 1, moves[event.key]))]);
    else if (event.key === "Enter" || event.key === " ") this.pick(this.active);
    else return;
    event.preventDefault();
  }

  activate(symbol) {
    if (symbol === undefined || !this.rows.has(symbol)) return;
    this.active = symbol;
    for (const [name, { element }] of this.rows) element.classList.toggle("active", name === symbol);
    const { element } = this.rows.get(symbol);
    this.list.setAttribute("aria-activedescendant", element.id);
    element.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  pick(symbol) {
    if (!symbol) return;
    this.activate(symbol);
    this.choose(symbol);
  }
}

function row(symbol) {
  const element = document.createElement("li");
  Object.assign(element, { id: `symbol-${symbol.replace(/[^A-Za-z0-9]/g, "_")}` });
  element.setAttribute("role", "option");
  element.dataset.symbol = symbol;
  const cells = {};
  for (const name of ["name", "last", "change", "quality"]) {
    cells[name] = document.createElement("span");
    cells[name].className = `row-${name}`;
  }
  cells.name.textContent = symbol;
  cells.last.textContent = "—";
  cells.quality.title = "Quality, 0 to 1";
  element.append(...Object.values(cells));
  return { element, ...cells };
}

function write(cell, text) {
  if (cell.textContent !== text) cell.textContent = text;
}
