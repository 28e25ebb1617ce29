"""market_alerts: every event of an alert, once."""

from collections.abc import Sequence

from runtime.stage import InputRecord
from schemas.codec import decode_alert
from sinks.timescale.rows import Block
from sinks.timescale.session import Connection
from sinks.timescale.staging import Upsert
from sinks.timescale.text import row, timestamp

COLUMNS = (
    "alert_id",
    "episode_id",
    "state",
    "reason",
    "rule_id",
    "rule_version",
    "kind",
    "severity",
    "symbol",
    "source",
    "timeframe",
    "subject",
    "measured",
    "threshold",
    "message",
    "timestamp",
    "ts_event_ns",
    "known_at_ns",
    "revision",
    "withdraws",
)
_UPSERT = Upsert("market_alerts", COLUMNS, ("alert_id",))


class AlertWriter:
    """A row an event. Repeats, which a crash of the stage can make, carry the same alert_id."""

    table = "market_alerts"
    upsert = _UPSERT

    def block(self, record: InputRecord) -> Block:
        event = decode_alert(record.value)
        values = (
            event.alert_id,
            event.episode_id,
            event.state,
            event.reason,
            event.rule_id,
            event.rule_version,
            event.kind,
            event.severity,
            event.symbol,
            event.source,
            event.timeframe,
            event.subject,
            event.measured or None,
            event.threshold or None,
            event.message,
            timestamp(event.ts_event_ns),
            event.ts_event_ns,
            event.known_at_ns,
            event.revision,
            event.withdraws,
        )
        return Block(row(values), 1)

    def write(self, connection: Connection, text: Sequence[bytes], rows: int) -> int:
        return _UPSERT.write(connection, text, rows)
