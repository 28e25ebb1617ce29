"""Sends what a core gives beside its outputs, by the machine's clock: records for eyes, which nobody counts on."""

import asyncio

from runtime import metrics
from runtime.faust_stage.partitions import Partitions, PartitionState
from runtime.faust_stage.spec import StageSpec
from runtime.kafka import Publisher
from runtime.stage import Ephemeral

_WAITING_RECORDS = 10_000  # with so many undelivered records the broker is slow or away: eyes can wait


class Shower:
    """gate: the processor's, clear while a commit flushes the outputs: nothing is sent then, or the flush would not end.

    The event loop runs one thing at a time and a core is changed a whole record at a time, so at each of our turns a core stands between two records.
    The records carry no identity and no trace. They touch neither offsets nor snapshots, so the commit does not know of them, but that a
    flush delivers them too.
    """

    def __init__(self, spec: StageSpec, partitions: Partitions, publisher: Publisher, gate: asyncio.Event) -> None:
        self._stage = spec.name
        self._interval_s = spec.ephemeral_interval_s
        self._partitions = partitions
        self._publisher = publisher
        self._gate = gate

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await asyncio.sleep(self._interval_s)
            for state in self._partitions:
                await self._gate.wait()
                if self._may_show(state) and isinstance(state.core, Ephemeral):
                    self._send(state, state.core)

    def _may_show(self, state: PartitionState) -> bool:
        return self._partitions.is_current(state) and self._publisher.waiting() < _WAITING_RECORDS

    def _send(self, state: PartitionState, core: Ephemeral) -> None:
        for output in core.ephemeral():
            self._publisher.send(output.topic, state.partition, output.value, output.key, output.headers)
            metrics.RECORDS_OUT.labels(self._stage, output.topic).inc()
