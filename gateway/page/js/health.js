// The sources of the chosen symbol, how well each does, and what feeds the page.

import { float } from "./format.js";

const CELLS = ["source", "score", "valid", "refused", "holes", "delay"];

export class Health {
  constructor(body) {
    this.body = body;
    this.newest = new Map(); // symbol, source -> its newest message of the channel quality
  }

  takeQuality(quality) {
    this.newest.set(`${quality.symbol}|${quality.source}`, quality);
  }

  /** sources: names that the gateway has seen for the symbol. */
  show(symbol, sources, primary) {
    const rows = sources.map((source) => cells(source, source === primary, this.newest.get(`${symbol}|${source}`)));
    const key = JSON.stringify(rows);
    if (this.body.dataset.shown === key) return;
    this.body.dataset.shown = key;
    this.body.replaceChildren(...(rows.length ? rows.map(element) : [empty()]));
  }
}

function cells(source, isPrimary, quality) {
  const seen = quality ?? {};
  const delay = quality ? `${Math.round(Number(quality.latency_p99_ns) / 1e6)} ms` : "—";
  const refused = quality ? String(seen.invalid + seen.duplicate) : "—";
  return [isPrimary ? `${source} ★` : source, float(seen.score, 2), String(seen.valid ?? "—"), refused, String(seen.gaps ?? "—"), delay];
}

function element(texts) {
  const row = document.createElement("tr");
  texts.forEach((text, index) => {
    const cell = document.createElement(index ? "td" : "th");
    if (!index) cell.scope = "row";
    cell.dataset.cell = CELLS[index];
    cell.textContent = text;
    row.append(cell);
  });
  return row;
}

function empty() {
  const row = document.createElement("tr");
  row.innerHTML = `<td colspan="${CELLS.length}" class="muted">—</td>`;
  return row;
}
