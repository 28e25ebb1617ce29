"""Which rows are past their retention when they come: stored, they would be dropped again by the next job, and nobody would know. No I/O."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from runtime.clock import Clock, SystemClock
from runtime.settings import StorageSettings
from runtime.stage import InputRecord
from schemas.timeframes import DAY_NS
from sinks.timescale.keeping import Rule, rules_of
from sinks.timescale.rows import Block, TableWriter


class Horizon:
    """The rules of `storage` held against the clock. With `storage.retention` off nothing is refused: recordings of any age can be replayed."""

    def __init__(self, storage: StorageSettings, clock: Clock) -> None:
        rules = rules_of(storage) if storage.retention else []
        self._rules: dict[str, list[Rule]] = {}
        for rule in rules:
            self._rules.setdefault(rule.table, []).append(rule)
        self._ticks_days = min((rule.days for rule in self._rules.get("market_ticks", []) if rule.days), default=0)
        self._clock = clock

    @property
    def refuses(self) -> bool:
        """False if nothing is ever past."""
        return bool(self._rules)

    def is_past(self, table: str, key: str, ts_ns: int) -> bool:
        """key: the symbol of a tick, the timeframe of a bar or of what came of it. ts_ns: event time, of a bar its opening."""
        for rule in self._rules.get(table, ()):
            if rule.days and rule.covers(key):
                return ts_ns < self._clock.now_ns() - rule.days * DAY_NS
        return False

    def expired_ticks(self, ticks: Sequence[Any]) -> frozenset[int]:
        """Positions of those that are past. One comparison a tick, 20 ns, as long as there are none."""
        if not self._ticks_days or not ticks:
            return frozenset()
        if min([tick.ts_event_ns for tick in ticks]) >= self._clock.now_ns() - self._ticks_days * DAY_NS:
            return frozenset()
        return frozenset(index for index, tick in enumerate(ticks) if self.is_past("market_ticks", tick.symbol, tick.ts_event_ns))


KEPT_FOR_EVER = Horizon(StorageSettings(retention=False), SystemClock())


class _Dated(Struct):
    """The event time of any event of one record, and what its rule asks for."""

    timeframe: str = ""
    ts_open_ns: int = 0
    ts_from_ns: int = 0
    ts_event_ns: int = 0


_decode_dated = msgspec.json.Decoder(_Dated).decode


def expiring(writer: TableWriter, horizon: Horizon) -> TableWriter:
    """The writer of events of one record each, with the horizon before it if that refuses anything."""
    return Expiring(writer, horizon) if horizon.refuses else writer


class Expiring:
    """A TableWriter of events of one record each, which gives no rows for those that are past."""

    def __init__(self, writer: TableWriter, horizon: Horizon) -> None:
        self.table = writer.table
        self.upsert = writer.upsert
        self.write = writer.write
        self._writer = writer
        self._horizon = horizon

    def block(self, record: InputRecord) -> Block:
        block = self._writer.block(record)
        dated = _decode_dated(record.value)
        ts_ns = dated.ts_open_ns or dated.ts_from_ns or dated.ts_event_ns
        if self._horizon.is_past(self.table, dated.timeframe, ts_ns):
            return Block(b"", 0, expired=frozenset({0}))
        return block
