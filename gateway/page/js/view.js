// What the page knows of the chosen symbol and timeframe. Takes messages, draws nothing.

const SECONDS = { "1m": 60, "5m": 300, "15m": 900, "30m": 1800, "1h": 3600, "2h": 7200, "4h": 14400, "6h": 21600, "8h": 28800, "12h": 43200, "1d": 86400 };
const MOST_BARS = 300;
const MOST_GAPS = 200;

export const timeOf = (message) => Date.parse(message.timestamp) / 1000;

export class View {
  constructor(symbol, timeframe) {
    Object.assign(this, { symbol, timeframe, source: "", trade: null, quote: null, tick: null, forming: null, latest: null, signal: null });
    Object.assign(this, { bars: new Map(), indicators: new Map(), signals: new Map(), gaps: new Map(), ticks: [], latencyMs: null, lost: 0 });
    this.heardMs = performance.now();
    this.hasNewBars = true;
  }

  /** An update, a snapshot or a notice of any channel of this symbol. */
  take(message) {
    if (message.type === "snapshot") {
      if (message.recovered === false) this.lost += 1;
      for (const item of message.items) this.update(item, true);
      if (message.channel === "ohlcv") this.hasNewBars = true;
    } else if (message.type === undefined) this.update(message, false);
  }

  update(message, isHistory) {
    const takers = { ticks: "takeTick", ohlcv: "takeBar", indicators: "takeIndicators", signals: "takeSignal", gaps: "takeGap" };
    this[takers[message.channel]](message, isHistory);
    if (message.channel !== "gaps") this.source = message.source;
  }

  takeTick(tick, isHistory) {
    this.tick = tick;
    if (tick.kind === "trade") this.trade = tick;
    else this.quote = tick;
    if (isHistory) return;
    this.heardMs = performance.now();
    this.ticks.push(this.heardMs);
    this.latencyMs = Date.now() - Number(tick.ts_receive_ns) / 1e6;
    if (tick.kind === "trade") this.addToForming(tick);
  }

  /** The interval that is still open, as far as this page saw it; the closed bar takes its place. */
  addToForming(trade) {
    const length = SECONDS[this.timeframe];
    if (!length) return;
    const seconds = Math.floor(Date.parse(trade.timestamp) / 1000);
    const time = seconds - (seconds % length);
    const newest = this.latest ? timeOf(this.latest) : 0;
    if (time <= newest || (this.forming && time < this.forming.time)) return;
    const [price, size] = [Number(trade.price), Number(trade.volume)];
    const open = this.forming?.time === time ? this.forming : { time, open: price, high: price, low: price, close: price, volume: 0 };
    this.forming = { ...open, high: Math.max(open.high, price), low: Math.min(open.low, price), close: price, volume: open.volume + size };
  }

  takeBar(bar) {
    const time = timeOf(bar);
    const [open, high, low, close, volume] = ["open", "high", "low", "close", "volume"].map((name) => Number(bar[name]));
    this.bars.set(time, { time, open, high, low, close, volume, message: bar });
    if (!this.latest || time >= timeOf(this.latest)) this.latest = bar;
    if (this.forming && this.forming.time <= time) this.forming = null;
    trim(this.bars, MOST_BARS);
  }

  takeIndicators(message) {
    const named = {};
    for (const entry of Object.values(message.indicators)) named[entry.name] ??= entry;
    const { rsi, macd, momentum } = named;
    const { macd: line, signal, histogram } = macd?.values ?? {};
    this.indicators.set(timeOf(message), { named, rsi: rsi?.values.value, macd: line, signal, histogram, momentum: momentum?.values.value });
    trim(this.indicators, MOST_BARS);
  }

  takeSignal(signal) {
    this.signals.set(timeOf(signal), signal);
    if (!this.signal || timeOf(signal) >= timeOf(this.signal)) this.signal = signal;
    trim(this.signals, MOST_BARS);
  }

  takeGap(gap) {
    this.gaps.set(gap.gap_id, gap);
    if (this.gaps.size > MOST_GAPS) this.gaps.delete(this.gaps.keys().next().value);
  }

  /** Oldest first. */
  sortedBars() {
    return [...this.bars.values()].sort((one, other) => one.time - other.time);
  }

  /** Seconds from and to of each hole that its bars may have. */
  gapSpans() {
    return [...this.gaps.values()].map((gap) => ({ from: seconds(gap.from_ns), to: seconds(gap.to_ns), isFilled: gap.state === "filled", gap }));
  }

  /** Ticks a second over the last five. */
  rate() {
    const nowMs = performance.now();
    while (this.ticks.length && nowMs - this.ticks[0] > 5000) this.ticks.shift();
    return this.symbol ? this.ticks.length / 5 : null;
  }

  secondsABar() {
    return SECONDS[this.timeframe] ?? 86400;
  }
}

/** Nanoseconds in text, to the microsecond, which is as much as a number holds. */
const seconds = (ns) => Number(BigInt(ns) / 1000n) / 1e6;

function trim(byTime, most) {
  while (byTime.size > most) byTime.delete(Math.min(...byTime.keys()));
}
