// Candles with volume, and three panes below that share the time axis. Knows series of points, not messages.

const SIZE = { axis: 76 };
const SECOND_NAMES = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function options(isLast) {
  return {
    autoSize: true,
    layout: { background: { type: "solid", color: css("--card") }, textColor: css("--muted"), fontSize: 11, fontFamily: css("--font") },
    grid: { vertLines: { color: css("--grid") }, horzLines: { color: css("--grid") } },
    rightPriceScale: { borderColor: css("--line"), minimumWidth: SIZE.axis },
    timeScale: { borderColor: css("--line"), timeVisible: true, secondsVisible: false, visible: isLast, rightOffset: 3 },
    crosshair: { mode: 0, vertLine: { color: css("--muted"), labelBackgroundColor: css("--ink") }, horzLine: { color: css("--muted"), labelBackgroundColor: css("--ink") } },
    localization: { timeFormatter: utc },
    handleScale: { axisPressedMouseMove: { time: true, price: false } },
    handleScroll: { vertTouchDrag: false },
  };
}

function utc(seconds) {
  const date = new Date(seconds * 1000);
  const two = (number) => String(number).padStart(2, "0");
  return `${date.getUTCDate()} ${SECOND_NAMES[date.getUTCMonth()]} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
}

export class Charts {
  /** pointed(time): the reader points at the bar of these seconds, or at none (null). */
  constructor(element, pointed) {
    const make = (id, isLast) => LightweightCharts.createChart(element(id), options(isLast));
    this.main = make("candles", true);
    this.rsi = make("rsi", false);
    this.macd = make("macd", false);
    this.momentum = make("momentum", false);
    this.all = [this.main, this.rsi, this.macd, this.momentum];
    this.addSeries();
    this.linkTime();
    this.main.subscribeCrosshairMove(({ time }) => pointed(time ?? null));
    window.addEventListener("themechange", () => this.recolour());
  }

  addSeries() {
    const quiet = { priceLineVisible: false, lastValueVisible: true, lineWidth: 2, crosshairMarkerRadius: 3 };
    this.bands = this.main.addHistogramSeries({ priceScaleId: "bands", lastValueVisible: false, priceLineVisible: false, base: 0 });
    this.main.priceScale("bands").applyOptions({ scaleMargins: { top: 0, bottom: 0 }, visible: false });
    this.candles = this.main.addCandlestickSeries({ borderVisible: false });
    this.volume = this.main.addHistogramSeries({ priceFormat: { type: "volume" }, priceScaleId: "volume", lastValueVisible: false, priceLineVisible: false });
    this.main.priceScale("right").applyOptions({ scaleMargins: { top: 0.08, bottom: 0.24 } });
    this.main.priceScale("volume").applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });
    this.rsiLine = this.rsi.addLineSeries({ ...quiet, priceFormat: { type: "price", precision: 1, minMove: 0.1 }, autoscaleInfoProvider: () => ({ priceRange: { minValue: 0, maxValue: 100 } }) });
    this.levels = [70, 30].map((price) => this.rsiLine.createPriceLine({ price, lineWidth: 1, lineStyle: 2, axisLabelVisible: false }));
    this.histogram = this.macd.addHistogramSeries({ priceLineVisible: false, lastValueVisible: false });
    this.macdLine = this.macd.addLineSeries(quiet);
    this.signalLine = this.macd.addLineSeries({ ...quiet, lastValueVisible: false });
    this.momentumLine = this.momentum.addLineSeries({ ...quiet, priceFormat: { type: "price", precision: 2, minMove: 0.01 } });
    this.momentumLevels = [2, -2].map((price) => this.momentumLine.createPriceLine({ price, lineWidth: 1, lineStyle: 2, axisLabelVisible: false }));
    this.recolour();
  }

  /** All panes show the same bars: each has a point, or an empty one, for every bar. */
  linkTime() {
    let busy = false;
    for (const chart of this.all) {
      chart.timeScale().subscribeVisibleLogicalRangeChange((range) => {
        if (busy || range === null) return;
        busy = true;
        for (const other of this.all) if (other !== chart) other.timeScale().setVisibleLogicalRange(range);
        busy = false;
      });
    }
  }

  recolour() {
    const [up, down, soft] = [css("--up"), css("--down"), css("--muted")];
    this.all.forEach((chart, index) => chart.applyOptions(options(index === 0)));
    this.candles.applyOptions({ upColor: up, downColor: down, wickUpColor: up, wickDownColor: down });
    this.rsiLine.applyOptions({ color: css("--accent") });
    this.macdLine.applyOptions({ color: css("--accent") });
    this.signalLine.applyOptions({ color: css("--second") });
    this.momentumLine.applyOptions({ color: css("--accent") });
    for (const line of [...this.levels, ...this.momentumLevels]) line.applyOptions({ color: soft });
    if (this.last) this.show(this.last);
  }

  /**
   * points: { bars, forming, indicators: Map of time to values, signals: Map of time to messages, gaps: [{ from, to, isFilled }] in seconds, secondsABar, precision }.
   * Returns how many bars are marked: { gaps, corrections }.
   */
  show(points) {
    this.last = points;
    const bars = points.forming ? [...points.bars, points.forming] : points.bars;
    const fade = (bar) => (bar === points.forming ? "88" : "");
    const colour = (bar) => (bar.close >= bar.open ? css("--up") : css("--down"));
    const format = { type: "price", precision: points.precision, minMove: 10 ** -points.precision };
    this.candles.applyOptions({ priceFormat: format });
    for (const series of [this.histogram, this.macdLine, this.signalLine]) series.applyOptions({ priceFormat: format });
    this.candles.setData(bars.map((bar) => (bar === points.forming ? { ...bar, color: colour(bar) + "88", wickColor: colour(bar) + "88" } : bar)));
    this.volume.setData(bars.map((bar) => ({ time: bar.time, value: bar.volume, color: `${colour(bar)}${fade(bar) || "66"}` })));
    const bands = bandsOf(bars, points.gaps, points.secondsABar);
    this.bands.setData(bands);
    this.candles.setMarkers([...markers(bars, points.signals), ...corrections(points.bars)].sort((one, other) => one.time - other.time));
    this.showIndicators(bars, points.indicators);
    return { gaps: bands.length, corrections: corrections(points.bars).length };
  }

  showIndicators(bars, indicators) {
    const line = (name, scale = 1) => bars.map(({ time }) => point(time, indicators.get(time)?.[name], scale));
    this.rsiLine.setData(line("rsi"));
    this.macdLine.setData(line("macd"));
    this.signalLine.setData(line("signal"));
    this.momentumLine.setData(line("momentum", 100));
    const coloured = (entry) => (entry.value === undefined ? entry : { ...entry, color: `${entry.value >= 0 ? css("--up") : css("--down")}99` });
    this.histogram.setData(line("histogram").map(coloured));
  }

  /** The newest bars, as many as fit. */
  showNewest(count) {
    const shown = Math.min(count, this.main.timeScale().width() < 500 ? 60 : 140);
    this.main.timeScale().setVisibleLogicalRange({ from: count - shown - 0.5, to: count + 2.5 });
  }
}

const point = (time, value, scale) => (Number.isFinite(value) ? { time, value: value * scale } : { time });

function markers(bars, signals) {
  return bars.filter(({ time }) => signals.get(time)?.signal).map(({ time }) => {
    const isBuy = signals.get(time).signal > 0;
    return { time, position: isBuy ? "belowBar" : "aboveBar", shape: isBuy ? "arrowUp" : "arrowDown", color: css(isBuy ? "--up" : "--down"), text: isBuy ? "B" : "S" };
  });
}

/** Bars that came again with other numbers. */
function corrections(bars) {
  const corrected = bars.filter(({ message }) => message.revision > 0);
  return corrected.map(({ time, message }) => ({ time, position: "aboveBar", shape: "circle", size: 0.6, color: css("--second"), text: `r${message.revision}` }));
}

/** A stripe behind each bar in whose interval something is missing, and behind the first bar after a hole in which there is none. */
function bandsOf(bars, gaps, secondsABar) {
  const touched = new Map();
  for (const gap of gaps) {
    const inside = bars.filter(({ time }) => time + secondsABar > gap.from && (time < gap.to || time <= gap.from));
    const after = bars.find(({ time }) => time >= gap.to);
    const isOld = !bars.length || gap.to < bars[0].time;
    for (const bar of isOld ? [] : inside.length ? inside : after ? [after] : []) if (!touched.get(bar.time)) touched.set(bar.time, !gap.isFilled);
  }
  const colour = (isOpen) => `${css(isOpen ? "--warn" : "--muted")}${isOpen ? "40" : "26"}`;
  return [...touched].sort(([one], [other]) => one - other).map(([time, isOpen]) => ({ time, value: 1, color: colour(isOpen) }));
}
