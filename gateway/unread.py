"""Tick records that nobody wanted and that were therefore not decoded: the newest two of each symbol and source, so that the next subscription to it
still starts with a last price. Records are shared between their symbols, so memory is bounded by the number of symbols and sources."""

from collections import defaultdict
from collections.abc import Iterable

from runtime.stage import InputRecord

_TRADE_MARK = b'"kind":"trade"'
_SOURCE_MARK = b'"source":"'

_BySource = dict[bytes, InputRecord]


class Unread:
    """By symbol and source: the newest record, and the newest one that holds a trade (of whichever symbol), as most records hold only quotes.

    By source, because whose prices are the primary's only the record itself says, and the last word may have been another's.
    """

    def __init__(self) -> None:
        self._newest: dict[str, _BySource] = defaultdict(dict)
        self._newest_with_trade: dict[str, _BySource] = defaultdict(dict)

    def add(self, record: InputRecord, symbols: Iterable[str]) -> None:
        has_trade, source = _TRADE_MARK in record.value, _source_of(record)
        for symbol in symbols:
            self._newest[symbol][source] = record
            if has_trade:
                self._newest_with_trade[symbol][source] = record

    def forget(self, record: InputRecord, symbols: Iterable[str]) -> None:
        """This one, of these symbols and newer, is decoded."""
        if not self._newest:
            return
        source = _source_of(record)
        for symbol in symbols:
            for found in (self._newest, self._newest_with_trade):
                if symbol in found:
                    found[symbol].pop(source, None)
                    if not found[symbol]:
                        del found[symbol]

    def symbols(self) -> list[str]:
        return list(self._newest)

    def take(self, symbols: Iterable[str]) -> list[tuple[InputRecord, set[str]]]:
        """The records of these symbols in the order of the log, each with the symbols that it is to be read for; they are forgotten here."""
        found: dict[tuple[int, int], tuple[InputRecord, set[str]]] = {}
        for symbol in symbols:
            for by_source in (self._newest_with_trade.pop(symbol, {}), self._newest.pop(symbol, {})):
                for record in by_source.values():
                    found.setdefault((record.partition, record.offset), (record, set()))[1].add(symbol)
        return [found[place] for place in sorted(found)]


def _source_of(record: InputRecord) -> bytes:
    """As its envelope names it first; not decoded. Records without a name count as one source's."""
    start = record.value.find(_SOURCE_MARK)
    return record.value[start : record.value.find(b'"', start + len(_SOURCE_MARK))] if start >= 0 else b""
