"""Tick records that nobody wanted and that were therefore not decoded: the newest two of each symbol, so that the next subscription to it
still starts with a last price. Records are shared between their symbols, so memory is bounded by the number of symbols."""

from collections.abc import Iterable

from runtime.stage import InputRecord

_TRADE_MARK = b'"kind":"trade"'


class Unread:
    """By symbol: the newest record, and the newest one that holds a trade (of whichever symbol), as most records hold only quotes."""

    def __init__(self) -> None:
        self._newest: dict[str, InputRecord] = {}
        self._newest_with_trade: dict[str, InputRecord] = {}

    def add(self, record: InputRecord, symbols: Iterable[str]) -> None:
        has_trade = _TRADE_MARK in record.value
        for symbol in symbols:
            self._newest[symbol] = record
            if has_trade:
                self._newest_with_trade[symbol] = record

    def forget(self, symbols: Iterable[str]) -> None:
        """A newer record of these symbols was decoded."""
        for symbol in symbols:
            self._newest.pop(symbol, None)
            self._newest_with_trade.pop(symbol, None)

    def symbols(self) -> list[str]:
        return list(self._newest)

    def take(self, symbols: Iterable[str]) -> list[tuple[InputRecord, set[str]]]:
        """The records of these symbols in the order of the log, each with the symbols that it is to be read for; they are forgotten here."""
        found: dict[tuple[int, int], tuple[InputRecord, set[str]]] = {}
        for symbol in symbols:
            for record in (self._newest_with_trade.pop(symbol, None), self._newest.pop(symbol, None)):
                if record is not None:
                    found.setdefault((record.partition, record.offset), (record, set()))[1].add(symbol)
        return [found[place] for place in sorted(found)]
