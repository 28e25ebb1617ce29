"""What to subscribe to: one subscribe action, without its id. Checked by the gateway, except for what this client could not tell apart."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct, to_builtins

from live.errors import LiveError

Names = str | tuple[str, ...]
ANY = "*"
_ONLY_LATEST = frozenset({"orderbook", "ohlcv_forming", "market-summary"})  # the newest message is all there is to know


class Selection(Struct, frozen=True, omit_defaults=True):
    """As in docs/reference/websocket.md; what is left out has the gateway's default. symbol, timeframe, source, indicator: a name, a tuple, or "*"."""

    channel: str
    symbol: Names | None = None
    timeframe: Names | None = None
    source: Names | None = None
    indicator: Names | None = None
    kind: str | None = None
    min_volume: str | None = None
    quality_threshold: float | None = None
    max_per_s: float | None = None
    snapshot: int | None = None

    @property
    def can_resume(self) -> bool:
        return self.channel not in _ONLY_LATEST and self.max_per_s is None

    def action(self) -> dict[str, Any]:
        """The subscribe action; numbers stay JSON numbers, which keep the venue's digits here."""
        body: dict[str, Any] = to_builtins(self)
        filters = {name: body.pop(name) for name in ("kind", "min_volume", "quality_threshold") if name in body}
        return {"action": "subscribe", **body} | ({"filters": filters} if filters else {})

    def overlaps(self, other: "Selection") -> bool:
        """True if a message could belong to both. Sources are apart only if both name them."""
        if self.channel != other.channel or not _meet(self.symbol or ANY, other.symbol or ANY):
            return False
        if not _meet(self.timeframe or "1m", other.timeframe or "1m"):
            return False
        return self.source is None or other.source is None or _meet(self.source, other.source)


def check(selections: Sequence[Selection]) -> None:
    """Raises LiveError."""
    if not selections:
        raise LiveError("name a channel, or selections")
    for number, one in enumerate(selections):
        if any(one.overlaps(other) for other in selections[:number]):
            raise LiveError(
                f"two selections of {one.channel} share a series, and its messages could not be told apart: open a stream for each"
            )


def _meet(some: Names, others: Names) -> bool:
    first, second = names(some), names(others)
    return ANY in first or ANY in second or not first.isdisjoint(second)


def names(given: Names) -> frozenset[str]:
    return frozenset({given} if isinstance(given, str) else given)
