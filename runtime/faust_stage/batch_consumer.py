"""Faust's consumer with one event a fetched batch, positions that the snapshots decide, and commits that go through the gate.

Only these methods of the pinned Faust are replaced; tests/contract/test_faust_overrides.py fails when an upgrade changes what they rely on.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any, Protocol

from faust.transport.drivers import aiokafka as driver
from faust.types.tuples import TP, ConsumerMessage

from runtime.faust_stage.commit_gate import Covered
from runtime.faust_stage.draining import DrainingConsumer
from runtime.faust_stage.log_limits import Limits
from runtime.faust_stage.processor import Batch
from runtime.faust_stage.same_loop import SameLoopClient
from schemas.topics import Topic

_SMALL_FETCH_RECORDS = 50
# Few records with so many bytes are envelopes that grew with a backlog: then throughput counts, and a fetch costs a millisecond. What comes within one such
# pause must be less, unless more comes than can be carried otherwise: a stage would pause for ever, as it did at 20,000 ticks a second with half of it.
_LOAD_BYTES = 131_072
_LOAD_PACE_S = 0.02


class StageHooks(Protocol):
    """What the consumer asks the stage; `app.stage` is one."""

    pace_s: float

    def logical(self, topic: str) -> Topic: ...
    def physical(self, topic: Topic) -> str: ...
    def on_hole(self, topic: str, partition: int, expected: int, found: int) -> None: ...
    async def limits(self, places: Iterable[TP]) -> Limits: ...
    def start_offsets(self, committed: Mapping[TP, int | None], limits: Limits) -> dict[TP, int]: ...
    def covered_but_uncommitted(self, committed: Mapping[TP, int | None]) -> dict[TP, int]: ...
    async def commit(self, commit_offsets: Any) -> bool: ...
    def rests(self) -> bool: ...


class BatchConsumer(DrainingConsumer):
    """Built by Faust's transport, one an app."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._stage: StageHooks = self.app.stage
        self._pause_s = 0.0  # before the next fetch
        self._expected: dict[TP, int] = {}  # offset of the next record of a partition
        self._jumps: dict[TP, int] = {}  # offset found instead, once
        self._left_out: set[TP] = set()  # of a fetch that came to nothing: the client's position is behind its records

    def _new_consumer_thread(self) -> SameLoopClient:
        return SameLoopClient(self, loop=self.loop, beacon=self.beacon)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:  # noqa: ASYNC109  # Faust's signature
        """Yields each partition's fetched records as one message: value a Batch, offset the last record's."""
        if self._pause_s:
            await asyncio.sleep(self._pause_s)
        if self._left_out and self.flow_active:
            await self._fetch_again()
        generation = self.app.consumer_generation_id  # before the wait: records of an older generation must not pass as new ones
        fetched, _ = await self._wait_next_records(timeout)
        self._pause_s = pause_after((fetched or {}).values(), self._stage.pace_s)
        if not fetched:
            return
        for tp, records in fetched.items():
            if self.should_stop or not self.flow_active or self.app.consumer_generation_id != generation:
                self._left_out.update(TP(tp.topic, tp.partition) for tp in fetched)
                return
            batch = await self._follow(TP(tp.topic, tp.partition), records)
            if batch:
                yield tp, _message(tp, batch, generation)

    async def _fetch_again(self) -> None:
        """Records that were left out come again. Where nothing new comes after them nobody else would notice that they are missing."""
        tps = self._left_out & self.assignment() & self._expected.keys()
        self._left_out.clear()
        if tps:
            await self.seek_wait({tp: self._expected[tp] for tp in tps})

    async def _follow(self, tp: TP, records: Sequence[Any]) -> Batch | None:
        """The records from the expected offset on. A fetch that was under way during a seek may bring older records, which are left out, or later
        ones: then the position is set again, and only if the same offset comes a second time the log really has a hole (retention)."""
        expected = self._expected.get(tp)
        if expected is None:
            return None
        if records[0].offset < expected:
            records = [record for record in records if record.offset >= expected]
        if not records:
            return None
        first = records[0].offset
        if first > expected and self._jumps.pop(tp, None) != first:
            self._jumps[tp] = first
            await self.seek_wait({tp: expected})
            return None
        if first > expected:
            self._stage.on_hole(tp.topic, tp.partition, expected, first)
        self._expected[tp] = records[-1].offset + 1
        return Batch(expected, records)

    async def perform_seek(self) -> None:
        """Faust seeks to the committed offsets after every rebalance; the restored snapshots know better."""
        self._expected.clear()
        self._jumps.clear()
        self._left_out.clear()
        await super().perform_seek()
        tps = self.assignment()
        committed = {tp: self._committed_offset[tp] for tp in tps}
        uncommitted = self._stage.covered_but_uncommitted(committed)
        starts = self._stage.start_offsets(committed, await self._stage.limits(tps))
        await self.seek_wait(starts)
        self._expected.update(starts)
        if uncommitted:  # on a partition where nothing more comes nobody else would: its lag would stay for ever
            await super()._commit_offsets(uncommitted)

    def end_of(self, topic: str, partition: int) -> int:
        """The log's end as of the last fetch; 0 while it is not known."""
        tp = TP(topic, partition)
        return int((self.highwater(tp) if tp in self.assignment() else 0) or 0)

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Offsets inside a batch are no gap. Faust's interval tree would grow until the commit and add 10 ms."""

    def on_buffer_full(self, tp: TP) -> None:
        """A full buffer makes the fetcher wait by itself; Faust's way, to fetch nothing for a second, would stall the stage."""

    async def verify_all_partitions_active(self) -> None:
        """The stage has a watchdog of its own; Faust's warns about partitions that are merely idle."""

    def _new_offset(self, tp: TP) -> int | None:
        """Any acknowledgement since the last commit makes Faust commit; the gate decides which offsets."""
        acked = self._acked[tp]
        if not acked:
            return None
        newest = max(acked)
        acked.clear()
        self._acked_index[tp].clear()
        return int(newest) + 1

    async def commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
        """A commit of the timer's is left out, with what it would commit, while the stage rests. The last one, at a stop, starts no
        new transaction: it is not left out, and where another is under way it follows that one, which does not cover all."""
        if start_new_transaction and self._stage.rests():
            return False
        if not start_new_transaction:
            await self.maybe_wait_for_commit_to_finish()
        return bool(await super().commit(topics, start_new_transaction))

    async def _commit_offsets(self, offsets: Mapping[TP, int], start_new_transaction: bool = True) -> bool:
        """Through the gate; `offsets` are Faust's wish and not used."""
        commit = super()._commit_offsets

        async def commit_covered(covered: Covered) -> bool:
            named = {TP(self._stage.physical(topic), partition): offset for (topic, partition), offset in covered.items()}
            return bool(named) and bool(await commit(named, start_new_transaction))

        return await self._stage.commit(commit_covered)


def pause_after(fetched: Iterable[Sequence[Any]], pace_s: float) -> float:
    """Seconds to wait before the fetch that follows this one: none after many records or nothing, pace_s after few, more after few large ones."""
    records = [record for partition in fetched for record in partition[:_SMALL_FETCH_RECORDS]]
    if not 0 < len(records) < _SMALL_FETCH_RECORDS:
        return 0.0
    size = sum(len(record.value or b"") for record in records)
    return pace_s if size < _LOAD_BYTES else max(pace_s, _LOAD_PACE_S)


def _message(tp: TP, batch: Batch, generation: int) -> ConsumerMessage:
    last = batch.records[-1]
    return ConsumerMessage(
        tp.topic, tp.partition, last.offset, (last.timestamp or 0) / 1000.0, last.timestamp_type, [], None, batch, None, 0, 0, tp,
        generation_id=generation,
    )  # fmt: skip


class StageTransport(driver.Transport):  # type: ignore[misc]
    """Faust's aiokafka transport with our consumer."""

    Consumer = BatchConsumer
