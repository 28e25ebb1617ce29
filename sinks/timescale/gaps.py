"""market_gaps: the furthest state of every break of continuity. An ingestor and a stage may both name the same gap; a later state never goes back."""

from collections.abc import Sequence

from runtime.stage import InputRecord
from schemas.codec import decode_gap
from schemas.gaps import Gap
from sinks.store import Place
from sinks.timescale.rows import Block
from sinks.timescale.session import Connection
from sinks.timescale.staging import Upsert
from sinks.timescale.text import row

COLUMNS = (
    "gap_id",
    "symbol",
    "source",
    "channel",
    "cause",
    "state",
    "from_id",
    "to_id",
    "from_ns",
    "to_ns",
    "size",
    "filled",
    "known_at_ns",
)
_ORDER = "(array_position(ARRAY['open', 'partial', 'unfillable', 'filled'], {row}.state), {row}.known_at_ns)"
_UPSERT = Upsert("market_gaps", COLUMNS, ("gap_id",), newest=_ORDER)


class GapWriter:
    """A row a gap."""

    table = "market_gaps"

    def block(self, record: InputRecord) -> Block:
        return gap_block(decode_gap(record.value))

    def write(self, connection: Connection, text: Sequence[bytes], rows: int) -> int:
        return _UPSERT.write(connection, text, rows)


def gap_block(gap: Gap) -> Block:
    return Block(row([getattr(gap, name) for name in COLUMNS]), 1)


def lost_records(place: Place, expected: int, found: int, known_at_ns: int) -> Gap:
    """Records that the topic dropped (its retention) before this sink had read them: offsets expected to found - 1."""
    topic, partition = place
    return Gap(
        gap_id=f"record:{topic.value}:{partition}:{expected - 1}:{found}",
        symbol="",
        source="",
        channel="record",
        cause="retention",
        state="unfillable",
        from_id=expected - 1,
        to_id=found,
        from_ns=0,
        to_ns=0,
        size=found - expected,
        filled=0,
        known_at_ns=known_at_ns,
    )
