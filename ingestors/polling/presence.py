"""Whether a polled provider is there: one symbol that is not answered says nothing about the others, several do. Pure."""

from collections.abc import Collection

from schemas.timeframes import SECOND_NS

_SYMBOLS = 3  # so many, or all there are, that were not answered since the last answer
_AWAY_NS = 15 * SECOND_NS  # and since so long: the next questions fail too


class Presence:
    """Since when a provider answers nothing."""

    def __init__(self) -> None:
        self._failed_ns: dict[str, int] = {}  # by symbol: its first failure since the last answer to anything

    def answered(self) -> None:
        """A question was answered."""
        self._failed_ns.clear()

    def failed(self, symbols: Collection[str], now_ns: int) -> None:
        """A question about these was not."""
        for symbol in symbols:
            self._failed_ns.setdefault(symbol, now_ns)

    def heard_ns(self, carried: Collection[str], now_ns: int) -> int:
        """When it was there last: now, or when it failed first. carried: the symbols that are asked for."""
        failing = [self._failed_ns[symbol] for symbol in carried if symbol in self._failed_ns]
        if len(failing) < min(_SYMBOLS, max(1, len(carried))):
            return now_ns
        since_ns = min(failing)
        return since_ns if now_ns - since_ns > _AWAY_NS else now_ns
