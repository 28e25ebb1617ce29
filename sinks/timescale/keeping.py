"""What is kept for how long: storage settings as rules on tables. No I/O."""

from dataclasses import dataclass

from runtime.settings import StorageSettings
from schemas.timeframes import DAY_NS, FIXED_NS, MINUTE_NS, Timeframe

BAR_TABLES = tuple(f"{name}{end}" for name in ("market_ohlcv", "technical_indicators", "trading_signals") for end in ("", "_history"))
HYPERTABLES = ("market_ticks", *BAR_TABLES, "market_quality")


@dataclass(frozen=True, slots=True)
class Rule:
    """Rows of `table` that match `condition` (SQL with one %s for `values`, or "true") are kept for `days`; 0: for ever. what: which rows, in words.

    step_hours: so much event time is deleted in one transaction.
    """

    table: str
    what: str
    days: int
    condition: str = "true"
    values: tuple[str, ...] = ()
    step_hours: int = 24

    def covers(self, value: str) -> bool:
        """What `condition` says of a row with this value in its column."""
        return self.condition == "true" or (value in self.values) == self.condition.endswith("= ANY(%s)")


def rules_of(storage: StorageSettings) -> list[Rule]:
    """Every row of every table that ages is under one rule. Gaps are kept for ever: they say why ticks are missing."""
    major = storage.major_symbols
    ticks = [
        Rule("market_ticks", "major symbols", storage.major_ticks_days, "symbol = ANY(%s)", major, 1),
        Rule("market_ticks", "other symbols", storage.ticks_days, "symbol <> ALL(%s)", major, 1),
    ]
    bars = [
        Rule(table, what, days, "timeframe = ANY(%s)", _between(shortest_ns, longest_ns), 24 * 30)
        for table in BAR_TABLES
        for what, days, shortest_ns, longest_ns in (
            ("below 5m", storage.minute_bars_days, 0, 5 * MINUTE_NS),
            ("5m to below 1d", storage.intraday_bars_days, 5 * MINUTE_NS, DAY_NS),
            ("1d and longer", storage.daily_bars_days, DAY_NS, 400 * DAY_NS),
        )
    ]
    return [*ticks, *bars, Rule("market_quality", "all", storage.quality_days), Rule("market_alerts", "all", storage.alerts_days)]


def _between(shortest_ns: int, longest_ns: int) -> tuple[str, ...]:
    """Timeframes from one length to below another; a month counts as 31 days."""
    return tuple(one.value for one in Timeframe if shortest_ns <= FIXED_NS.get(one, 31 * DAY_NS) < longest_ns)


def longest_days(rules: list[Rule], table: str) -> int:
    """After this nothing of the table is kept; 0 if something is kept for ever."""
    days = [rule.days for rule in rules if rule.table == table]
    return 0 if 0 in days else max(days)
