"""Sends what a core gives beside its outputs, by the machine's clock: records for eyes, which nobody counts on."""

import asyncio
from collections import Counter

from runtime import metrics
from runtime.clock import Clock
from runtime.faust_stage.partitions import Partitions, PartitionState
from runtime.faust_stage.spec import StageSpec
from runtime.kafka import Publisher
from runtime.stage import Ephemeral
from schemas.topics import Topic

_WAITING_RECORDS = 10_000  # with so many undelivered records the broker is slow or away: eyes can wait
# So many times as long as a showing took, at least, is none: with thousands of symbols, or where cores are short, what is for eyes takes a tenth of the time.
_REST_TIMES = 9.0


class Shower:
    """gate: the processor's, clear while a commit flushes the outputs: nothing is sent then, or the flush would not end.

    The event loop runs one thing at a time and a core is changed a whole record at a time, so at each of our turns a core stands between two records.
    The records carry no identity and no trace. They touch neither offsets nor snapshots, so the commit does not know of them, but that a
    flush delivers them too.
    """

    def __init__(self, spec: StageSpec, partitions: Partitions, publisher: Publisher, gate: asyncio.Event, clock: Clock) -> None:
        self._stage = spec.name
        self._interval_s = spec.ephemeral_interval_s
        self._partitions = partitions
        self._publisher = publisher
        self._gate = gate
        self._clock = clock

    async def run(self) -> None:
        """Until it is cancelled."""
        took_s = 0.0
        while True:
            await asyncio.sleep(max(self._interval_s, _REST_TIMES * took_s))
            took_s = await self._show_all()

    async def _show_all(self) -> float:
        """Returns how long that took, in seconds, without the waiting."""
        took_s = 0.0
        for state in self._partitions:
            await self._gate.wait()
            if self._may_show(state) and isinstance(state.core, Ephemeral):
                started_s = self._clock.monotonic_s()
                self._send(state, state.core)
                took_s += self._clock.monotonic_s() - started_s
                await asyncio.sleep(0)
        return took_s

    def _may_show(self, state: PartitionState) -> bool:
        return self._partitions.is_current(state) and self._publisher.waiting() < _WAITING_RECORDS

    def _send(self, state: PartitionState, core: Ephemeral) -> None:
        sent = Counter[Topic]()
        for output in core.ephemeral():
            self._publisher.send(output.topic, state.partition, output.value, output.key, output.headers)
            sent[output.topic] += 1
        for topic, number in sent.items():
            metrics.RECORDS_OUT.labels(self._stage, topic).inc(number)
