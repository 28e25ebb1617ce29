"""What a tick is scored by, in numbers written down here a second time, so that a changed weight or rule of the stream shows."""

from dataclasses import dataclass, field
from decimal import Decimal

from tickerplant.verify.anomalies import Anomalies, QuoteAnomalies
from tickerplant.verify.parameters import Parameters
from tickerplant.verify.rows import TickRow

STALE = "stale_quote"
CROSS_SOURCE = "cross_source_deviation"
WEIGHTS = {
    "crossed_quote": 0.5,
    "out_of_order": 0.1,
    "sequence_gap": 0.3,
    "gap_filled": 0.05,
    "late": 0.1,
    STALE: 0.3,
    "price_anomaly": 0.3,
    "volume_anomaly": 0.05,
    "quote_price_anomaly": 0.3,
    "spread_anomaly": 0.2,
    "quote_size_anomaly": 0.05,
    CROSS_SOURCE: 0.2,
}
STATE_CURRENCIES = frozenset(
    [
        "USD",
        "EUR",
        "JPY",
        "GBP",
        "CHF",
        "CAD",
        "AUD",
        "NZD",
        "SEK",
        "NOK",
        "DKK",
        "PLN",
        "CZK",
        "HUF",
        "TRY",
        "ZAR",
        "MXN",
        "BRL",
        "CNY",
        "HKD",
        "SGD",
        "INR",
        "KRW",
        "THB",
        "ILS",
        "RON",
    ]
)
LATE_NS = 60_000_000_000
TOLERANCE = 1e-6  # scores are rounded to six decimals, bars' after a mean: two roundings may differ by one unit


@dataclass(slots=True)
class TradeHistory:
    """What the next tick is judged against. newest_ns, newest_id: largest so far among the series' trades; -1 before the first.

    always_open: the symbol's market never closes. Where it does, only the stream's calendar knows whether an old quote is stale.
    """

    parameters: Parameters
    newest_ns: int = -1
    newest_id: int = -1
    numbered: bool = False
    always_open: bool = True
    jumps: list[tuple[int, int]] = field(default_factory=list)  # (last id before, first id after) where ids jumped ahead
    _anomalies: Anomalies = field(init=False)
    _quote_anomalies: QuoteAnomalies = field(init=False)

    def __post_init__(self) -> None:
        self._anomalies = Anomalies(self.parameters)
        self._quote_anomalies = QuoteAnomalies(self.parameters)

    def reasons(self, tick: TickRow) -> list[str]:
        """Sorted reasons that this tick must carry; moves the history on."""
        return sorted(self._of_trade(tick) if tick.kind == "trade" else self._of_quote(tick))

    def _of_trade(self, tick: TickRow) -> list[str]:
        found = self._anomalies.of(tick)
        if tick.ts_event_ns < self.newest_ns:
            found.append("out_of_order")
        if self._jumps(tick.trade_id):
            found.append("sequence_gap")
        if tick.filled:
            found.append("gap_filled")
        elif tick.ts_ingest_ns - tick.ts_event_ns > LATE_NS:
            found.append("late")
        self.newest_ns = max(self.newest_ns, tick.ts_event_ns)
        return found

    def _jumps(self, trade_id: str | None) -> bool:
        if not self.numbered or trade_id is None or not trade_id.isdigit():
            return False
        number, newest = int(trade_id), self.newest_id
        self.newest_id = max(number, newest)
        if newest < 0 or number <= newest + 1:
            return False
        self.jumps.append((newest, number))
        return True

    def _of_quote(self, tick: TickRow) -> list[str]:
        bid, ask = tick.bid or Decimal(0), tick.ask or Decimal(0)
        found = self._quote_anomalies.of(tick)
        if bid > ask or (bid == ask and (tick.bid_size or tick.ask_size)):
            found.append("crossed_quote")
        age_ns = tick.ts_ingest_ns - tick.ts_event_ns
        if age_ns > LATE_NS:
            found.append("late")
        if age_ns > self.parameters.stale_quote_ns and (self.always_open or STALE in tick.reasons):
            found.append(STALE)
        return found


def is_always_open(symbol: str) -> bool:
    """Pairs with a crypto leg. Of state currencies only the ones that are traded as pairs are known here."""
    base, dash, quote = symbol.partition("-")
    return bool(dash) and not (base in STATE_CURRENCIES and quote in STATE_CURRENCIES)


def quality(reasons: list[str]) -> float:
    """1 less the weights, never below 0, six decimals. Unknown reasons weigh nothing: that they are unknown is a difference of its own."""
    return round(max(0.0, 1.0 - sum(WEIGHTS.get(reason, 0.0) for reason in reasons)), 6)
