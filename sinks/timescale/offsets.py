"""kafka_offsets: where the sink goes on reading. Moves in the transaction that writes the rows, so the two can never disagree."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from runtime.errors import FatalError
from runtime.settings import KafkaSettings
from sinks.store import Place
from sinks.timescale.log_identity import LogIdentity
from sinks.timescale.session import Connection

Seen = dict[str, tuple[int, int]]

# Locked, so that the answer waits for a transaction that is being decided: after a lost connection or a kill the server may still be at our own COMMIT,
# and its rows would look unwritten. In the order of `move`, so that two cannot deadlock.
_POSITIONS = (
    "SELECT topic, partition, next_offset, cluster_id, topic_id, seen::text FROM kafka_offsets"
    " WHERE (topic, partition) IN (SELECT * FROM unnest(%s::text[], %s::integer[])) ORDER BY topic, partition FOR UPDATE"
)


@dataclass(frozen=True, slots=True)
class Position:
    """next_offset: the first one not stored. seen: schemas.identity.SeenIdentities at that point."""

    next_offset: int
    seen: Seen


@dataclass(frozen=True, slots=True)
class Move:
    """One place's step from the position that was read to the one after the batch."""

    place: Place
    start: int
    end: int
    seen: Seen


class Offsets:
    """The rows of kafka_offsets under the physical topic names."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka

    def load(self, connection: Connection, log: LogIdentity, firsts: Mapping[Place, int]) -> dict[Place, Position]:
        """The position of each place; one that has none starts at its first kept offset. Waits for another writer's transaction.

        Raises FatalError if a position is of another log.
        """
        positions = self._read(connection, log, firsts)
        missing = [place for place in firsts if place not in positions]
        for topic, partition in missing:
            connection.execute(
                "INSERT INTO kafka_offsets (topic, partition, next_offset, cluster_id, topic_id) VALUES (%s, %s, %s, %s, %s)"
                " ON CONFLICT DO NOTHING",
                (self._kafka.topic(topic), partition, firsts[(topic, partition)], log.cluster_id, log.topic_ids[topic]),
            )
        return self._read(connection, log, firsts) if missing else positions

    def _read(self, connection: Connection, log: LogIdentity, wanted: Mapping[Place, int]) -> dict[Place, Position]:
        topics = {self._kafka.topic(topic): topic for topic, _ in wanted}
        positions: dict[Place, Position] = {}
        for name, partition, next_offset, cluster_id, topic_id, seen in self._locked(connection, wanted):
            place = (topics[name], partition)
            _check_log(name, (cluster_id, topic_id), (log.cluster_id, log.topic_ids[place[0]]))
            positions[place] = Position(next_offset, msgspec.json.decode(seen, type=Seen))
        return positions

    def _locked(self, connection: Connection, places: Iterable[Place]) -> Iterable[tuple[Any, ...]]:
        names = [self._kafka.topic(topic) for topic, _ in places]
        return connection.execute(_POSITIONS, (names, [partition for _, partition in places]))

    def next_offsets(self, connection: Connection, places: Sequence[Place]) -> dict[Place, int]:
        """The positions once no transaction is about to move them."""
        topics = {self._kafka.topic(topic): topic for topic, _ in places}
        return {(topics[name], partition): next_offset for name, partition, next_offset, *_ in self._locked(connection, places)}

    def move(self, connection: Connection, moves: Sequence[Move]) -> None:
        """Within the caller's transaction. Raises FatalError if a row is not where it was read: another writer has it."""
        values = [
            (move.end, msgspec.json.encode(move.seen).decode(), self._kafka.topic(move.place[0]), move.place[1], move.start)
            for move in sorted(moves, key=lambda move: (self._kafka.topic(move.place[0]), move.place[1]))
        ]
        with connection.cursor() as cursor:
            cursor.executemany(
                "UPDATE kafka_offsets SET next_offset = %s, seen = %s::jsonb WHERE topic = %s AND partition = %s AND next_offset = %s",
                values,
            )
            if cursor.rowcount != len(values):
                raise FatalError("another writer has moved this sink's positions; this one stops, nothing of its batch is stored")


def _check_log(name: str, stored: tuple[str, str], found: tuple[str, str]) -> None:
    for what, was, now in zip(("cluster", "topic"), stored, found, strict=True):
        if was != now:
            raise FatalError(
                f"the positions in kafka_offsets for {name} belong to {what} id {was}, but the {what} id is now {now}: its offsets mean other "
                f"records; use an empty database, or delete that topic's rows from kafka_offsets to read it from its beginning"
            )
