"""The client: History opens a database and selects from it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, Self

from history.catalogue import Series, only_source, series, span, timeframe_named, unfilled
from history.columns import BARS, INDICATORS, SIGNALS, TICKS, Kind
from history.errors import NoRows
from history.plan import spacing_of, spacing_of_ticks
from history.query import Question
from history.selection import Selection
from history.session import Connection, Session
from history.times import Time, moment, ns_of
from runtime import addresses
from runtime.errors import UserError
from runtime.settings import Settings, load_settings

_KINDS = {kind.name: kind for kind in (BARS, TICKS, INDICATORS, SIGNALS)}
_OF_TRADES = ("price", "volume", "side", "seq", "known_at")
_OF_QUOTES = ("bid", "bid_size", "ask", "ask_size", "seq", "known_at")
_OUTPUTS_A_BAR = 8  # of the default indicators; more of them make larger chunks
_STEP = timedelta(microseconds=1)


class History:
    """The store, to read only. Use it in one thread, `with History(...) as history`.

    url: postgresql://...; without one the settings' address is used, or that of the local stack in data_dir. Raises UserError if nothing answers.
    Ranges are start <= timestamp < end, open where None; times are ISO text, datetimes, dates (UTC), or integer nanoseconds.
    source: may be left out where the symbol has one. columns: names, in the order wanted; a wrong name's error lists all.
    as_of: only what was known by then, each row as it was known. Every method may block on the database, and raises UserError (NoRows) early.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        data_dir: str | Path | None = None,
        statement_timeout_s: float = 60.0,
        connect_timeout_s: float = 5.0,
    ) -> None:
        if url is None:
            url = _url(load_settings() if data_dir is None else load_settings(data_dir=Path(data_dir)))
        self._session = Session(url, statement_timeout_s, connect_timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends its connection; selections cannot be read after."""
        self._session.close()

    def series(self, kind: Literal["bars", "ticks", "indicators", "signals"] = "bars") -> list[Series]:
        """(symbol, source, timeframe) of everything of that kind, in order."""
        if kind not in _KINDS:
            raise UserError(f"there are no {kind}; there are {', '.join(_KINDS)}")
        with self._session.snapshot() as connection:
            return series(connection, _KINDS[kind])

    def bars(self, symbol: str, source: str | None = None, timeframe: str = "1m", **range_: Any) -> Selection:
        """Bars by their opening time. range_: start, end, as_of, columns."""
        return self._select(BARS, symbol, source, timeframe, **range_)

    def indicators(
        self, symbol: str, source: str | None = None, timeframe: str = "1m", names: Sequence[str] = (), **range_: Any
    ) -> Selection:
        """A row an output of an indicator, `name` as rsi_14.value. names: only these indicators, as rsi_14. range_ as of bars."""
        return self._select(INDICATORS, symbol, source, timeframe, where={"indicator_name": names} if names else {}, **range_)

    def signals(self, symbol: str, source: str | None = None, timeframe: str = "1m", **range_: Any) -> Selection:
        """Composite signals, holds included. range_ as of bars."""
        return self._select(SIGNALS, symbol, source, timeframe, **range_)

    def ticks(self, symbol: str, source: str | None = None, kind: Literal["trade", "quote"] | None = None, **range_: Any) -> Selection:
        """Trades and quotes by event time. as_of: those received by then. range_ as of bars."""
        if kind is None:
            return self._select(TICKS, symbol, source, None, **range_)
        if kind not in ("trade", "quote"):
            raise UserError(f"there are no ticks of kind {kind}; write trade or quote")
        columns = range_.pop("columns", None) or (_OF_TRADES if kind == "trade" else _OF_QUOTES)
        return self._select(TICKS, symbol, source, None, where={"kind": (kind,)}, columns=columns, **range_)

    def gaps(self, symbol: str, source: str, start: Time, end: Time) -> list[tuple[int, int]]:
        """(from_ns, to_ns) of the breaks of continuity that touch the range and were not filled, oldest first."""
        first, last = _range(start, end)
        assert first is not None
        assert last is not None
        with self._session.snapshot() as connection:
            return unfilled(connection, symbol, source, ns_of(first), ns_of(last))

    def _select(
        self,
        kind: Kind,
        symbol: str,
        source: str | None,
        timeframe: str | None,
        start: Time | None = None,
        end: Time | None = None,
        as_of: Time | None = None,
        columns: Sequence[str] | None = None,
        where: dict[str, Sequence[str]] | None = None,
    ) -> Selection:
        chosen = kind.chosen(columns)
        spacing = None if timeframe is None else spacing_of(timeframe_named(timeframe))
        known_at = None if as_of is None else moment(as_of, "as_of")
        wanted = _range(start, end)
        with self._session.snapshot() as connection:
            source = source or only_source(connection, kind, symbol)
            first, last = _cut(kind, (symbol, source, timeframe), wanted, span(connection, kind, symbol, source, timeframe))
        question = Question(
            kind, symbol, source, timeframe, chosen, known_at, None if known_at is None else ns_of(known_at) + 999, where or {}
        )

        def spaced(connection: Connection) -> timedelta:
            if spacing is not None:
                return spacing / _OUTPUTS_A_BAR if kind is INDICATORS else spacing
            return spacing_of_ticks(first, last, _estimate(connection, question, first, last))

        return Selection(self._session, question, first, last, spaced)


def _range(start: Time | None, end: Time | None) -> tuple[datetime | None, datetime | None]:
    first, last = (None if given is None else moment(given, name) for given, name in ((start, "start"), (end, "end")))
    if first is not None and last is not None and first >= last:
        raise UserError(f"the range is empty: start {first:%Y-%m-%dT%H:%M:%SZ} is not before end {last:%Y-%m-%dT%H:%M:%SZ}")
    return first, last


def _cut(
    kind: Kind, names: tuple[str | None, ...], wanted: tuple[datetime | None, datetime | None], there: tuple[datetime, datetime]
) -> tuple[datetime, datetime]:
    """The part of the range in which rows are. Raises NoRows if there is none."""
    start, end = wanted[0] or there[0], wanted[1] or there[1] + _STEP
    first, last = max(start, there[0]), min(end, there[1] + _STEP)
    if first >= last:
        known = " to ".join(f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in there)
        raise NoRows(f"no {kind.name} of {' '.join(filter(None, names))} in that range; there are some from {known}")
    return first, last


def _estimate(connection: Connection, question: Question, start: datetime, end: datetime) -> int:
    """Rows that the planner expects: quick, and near enough to cut the range by."""
    query = 'EXPLAIN (FORMAT JSON) SELECT 1 FROM market_ticks WHERE symbol = %s AND source = %s AND "timestamp" >= %s AND "timestamp" < %s'
    row = connection.execute(query, [question.symbol, question.source, start, end]).fetchone()
    return int(row[0][0]["Plan"]["Plan Rows"]) if row else 1


def _url(settings: Settings) -> str:
    if settings.postgres.url is not None:
        return settings.postgres.url.get_secret_value()
    return addresses.resolve(settings).postgres
