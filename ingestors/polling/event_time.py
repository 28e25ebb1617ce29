"""How far the event time of a polled source has come: what happened before a symbol was asked is known once it has answered. Pure."""

from collections.abc import Collection


class EventTime:
    """delay_ns: how far a provider's newest state may be behind the present."""

    def __init__(self, delay_ns: int) -> None:
        self._delay_ns = delay_ns
        self._asked_ns: dict[str, int] = {}
        self._told_ns = 0

    def answered(self, symbol: str, asked_ns: int) -> None:
        """A question of this time has been answered."""
        self._asked_ns[symbol] = max(asked_ns, self._asked_ns.get(symbol, 0))

    def reached(self, waiting: Collection[str], now_ns: int) -> int | None:
        """The next watermark; None: no later one than before. waiting: the symbols that it waits for, those of open markets that answer at all."""
        reached_ns = min((self._asked_ns.get(symbol, 0) for symbol in waiting), default=now_ns) - self._delay_ns
        if reached_ns <= self._told_ns:
            return None
        self._told_ns = reached_ns
        return reached_ns

    def forget(self, symbols: Collection[str]) -> None:
        for symbol in symbols:
            self._asked_ns.pop(symbol, None)
