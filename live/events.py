"""What the stream says beside the channels' messages."""

from msgspec import Struct

from live.messages import Update


class OfSeries(Struct, kw_only=True, frozen=True):
    """Of which series. source: None for the primary's; timeframe: None where there is none."""

    channel: str
    symbol: str
    source: str | None = None
    timeframe: str | None = None


class Snapshot(OfSeries, kw_only=True, frozen=True):
    """The last messages of a series, oldest first; updates follow. items: their `prev` is None.

    recovered: None at the first one. False: the connection was away and what happened meanwhile cannot be had (reason: `epoch`, `too_far`, `unknown`, as in
    docs/reference/websocket.md): this replaces what you have, and there is a hole before it.
    """

    items: tuple[Update, ...]
    recovered: bool | None = None
    reason: str = ""
    partition: int | None = None
    seq: str | None = None
    epoch: str = ""


class Resumed(OfSeries, kw_only=True, frozen=True):
    """After a lost connection: all `missed` messages came before this one, so nothing is lost."""

    missed: int
    partition: int
    seq: str | None
    epoch: str


class Skipped(OfSeries, kw_only=True, frozen=True):
    """You read slowly: `count` quotes or states were left out because the next message says all they said. Trades, bars and signals are never skipped."""

    count: int


class Status(Struct, kw_only=True, frozen=True):
    """kafka: `up`, or `down`: nothing new can come until it is up again."""

    kafka: str
