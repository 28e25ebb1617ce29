"""Applies a partition's batches to its core and sends the outputs. The inner loop of every stage: what is done here is paid for each record."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from runtime import metrics
from runtime.clock import Clock
from runtime.errors import FatalError, InvalidRecord, TransientError
from runtime.faust_stage.partitions import Partitions, PartitionState
from runtime.faust_stage.spec import StageSpec
from runtime.guard import Guard
from runtime.kafka import Publisher
from runtime.records import headers_of, is_repeat, received_ns_of
from runtime.stage import InputRecord, Output
from schemas.codec import decode_dead_letter
from schemas.headers import IDENTITY, RECEIVED, TRACE
from schemas.identity import SeenIdentities
from schemas.reasons import Reason
from schemas.topics import Topic

# Applied without giving the loop a turn. A record that closes a minute of hundreds of symbols takes longer than all others, and a heartbeat takes several turns:
# fifty of these in one cost a stage its place in the group, again and again.
_CHUNK_RECORDS, _CHUNK_S = 50, 0.02
_WAITING_RECORDS = 20_000  # more than so many undelivered outputs: wait for the broker instead of filling the memory
# Outputs that are sent one right after the other share a request; each by itself they cost the broker, who reads them, and us a request each under load.
# Of ticks it is some 12 ms' work, and only where so many records of a partition were waiting.
_HELD_BYTES = 262_144


class Batch(NamedTuple):
    """Fetched records of one partition, oldest first. start: the offset after the previous batch; the records begin there unless the log has a hole."""

    start: int
    records: Sequence[Any]


class Held(NamedTuple):
    """Outputs not yet sent, of one record."""

    origin: str
    record: InputRecord
    outputs: Sequence[Output]


class Processor:
    """Called by the agent, one batch at a time.

    gate: clear while a commit flushes the outputs, which would not end if more came. between_records: clear while a state must not be captured.
    """

    def __init__(self, spec: StageSpec, partitions: Partitions, publisher: Publisher, clock: Clock) -> None:
        self._stage = spec.name
        self._partitions = partitions
        self._publisher = publisher
        self._clock = clock
        self._guard = Guard(spec.name)
        self._held: list[Held] = []
        self._held_bytes = 0
        self.busy_s = 0.0  # of applying and sending
        self._sent: Counter[Topic] = Counter()
        self._latency = metrics.LATENCY_SECONDS.labels(spec.name)
        self._repeats = metrics.DROPPED.labels(spec.name, Reason.REPEATED_IDENTITY)
        self.gate = asyncio.Event()
        self.gate.set()
        self.between_records = asyncio.Event()
        self.between_records.set()

    async def process(self, topic: Topic, partition: int, batch: Batch) -> None:
        """Applies the batch, or the part of it before a rebalance took the partition away: then nothing of the rest is done.

        Raises FatalError for a bug in the core and if the batch does not follow the one before it.
        """
        state = self._partitions.get(partition)
        if state is None:
            return
        if batch.start != state.next_offsets[topic]:
            raise FatalError(f"{topic}/{partition}: batch from {batch.start} after {state.next_offsets[topic]}")
        done = 0
        while done < len(batch.records):
            if done:  # before a batch Faust's stream has given the loop its turn
                await asyncio.sleep(0)
            await self._wait_for_room()
            if not self._partitions.is_current(state):
                return
            done = await self._apply_some(state, topic, batch.records, done)
        self._publisher.poll()  # gives up the GIL, and getting it back from the consumer's thread takes long: once a batch
        self._count(topic, batch.records)

    async def _wait_for_room(self) -> None:
        """Waits while too much is undelivered or a commit captures and flushes: of that last, nothing may change meanwhile."""
        if self._publisher.waiting() > _WAITING_RECORDS:
            await asyncio.get_running_loop().run_in_executor(None, self._publisher.flush)
        await self.gate.wait()

    async def _apply_some(self, state: PartitionState, topic: Topic, records: Sequence[Any], begin: int) -> int:
        """Applies up to a chunk and sends what comes of it; returns how many of the batch's records are done now. A state is not captured within it, so
        what is held is never missing from a commit."""
        end, now_s = min(begin + _CHUNK_RECORDS, len(records)), self._clock.monotonic_s
        started_s = now_s()
        until_s = started_s + _CHUNK_S
        seen = state.seen_in(topic)
        origin = f"{self._stage}|{topic}|{state.partition}|"
        for index in range(begin, end):
            record = records[index]
            value = record.value or b""  # a null value is nobody's event: the core refuses it as it does other bytes
            inputs = InputRecord(topic, state.partition, record.offset, record.key, value, headers_of(record.headers), record.timestamp)
            if not self._is_repeat(seen, inputs, origin):
                try:
                    outputs = self._guard.apply(state.core.apply, inputs)
                except TransientError:
                    self._send_held()
                    outputs = await self._apply_again(state, inputs)
                    if not self._partitions.is_current(state):
                        return end
                if outputs:
                    self._hold(origin, inputs, outputs)
            state.next_offsets[topic] = record.offset + 1
            if now_s() >= until_s:
                end = index + 1
                break
        self._send_held()
        self.busy_s += now_s() - started_s
        return end

    async def _apply_again(self, state: PartitionState, record: InputRecord) -> Sequence[Output]:
        """Meanwhile nobody may capture the state: the record's identity is already remembered as seen."""
        self.between_records.clear()
        try:
            return await self._guard.apply_again(state.core.apply, record)
        finally:
            self.between_records.set()

    def _is_repeat(self, seen: SeenIdentities, record: InputRecord, origin: str) -> bool:
        """True if the record is done with: seen before, or refused because its identity is none."""
        try:
            if not is_repeat(record, seen):
                return False
            self._repeats.inc()
        except InvalidRecord as error:
            self._hold(origin, record, [self._guard.dead_letter(record, error.reason, error.detail)])
        return True

    def _hold(self, origin: str, record: InputRecord, outputs: Sequence[Output]) -> None:
        self._held.append(Held(origin, record, outputs))
        self._held_bytes += sum([len(output.value) for output in outputs])
        if self._held_bytes >= _HELD_BYTES:
            self._send_held()

    def _send_held(self) -> None:
        for held in self._held:
            self._send(*held)
        self._held.clear()
        self._held_bytes = 0

    def _send(self, origin: str, record: InputRecord, outputs: Sequence[Output]) -> None:
        trace, received = record.headers.get(TRACE), record.headers.get(RECEIVED)
        inherited = {} if trace is None else {TRACE: trace}
        if received is not None:
            inherited[RECEIVED] = received
        for index, output in enumerate(outputs):
            headers = {IDENTITY: f"{origin}{record.offset}|{index}".encode(), **inherited, **output.headers}
            self._publisher.send(output.topic, record.partition, output.value, output.key, headers)
            self._sent[output.topic] += 1
            if output.topic is Topic.DLQ:
                metrics.DEAD_LETTERS.labels(self._stage, decode_dead_letter(output.value).reason).inc()

    def _count(self, topic: Topic, records: Sequence[Any]) -> None:
        metrics.RECORDS_IN.labels(self._stage, topic).inc(len(records))
        for name, count in self._sent.items():
            metrics.RECORDS_OUT.labels(self._stage, name).inc(count)
        self._sent.clear()
        received_ns = received_ns_of(headers_of(records[0].headers))
        if received_ns:  # of the batch's oldest record: what waited longest
            self._latency.observe((self._clock.now_ns() - received_ns) / 1e9)
