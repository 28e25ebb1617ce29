"""market_gaps: the furthest state of every break of continuity. An ingestor and a stage may both name the same gap; a later state never goes back."""

from collections.abc import Sequence

from runtime.stage import InputRecord
from schemas.codec import decode_gap
from schemas.gaps import Gap
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
    upsert = _UPSERT

    def block(self, record: InputRecord) -> Block:
        return gap_block(decode_gap(record.value))

    def write(self, connection: Connection, text: Sequence[bytes], rows: int) -> int:
        return _UPSERT.write(connection, text, rows)


def gap_block(gap: Gap) -> Block:
    return Block(row([getattr(gap, name) for name in COLUMNS]), 1)
