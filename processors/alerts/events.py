"""Alert events with deterministic ids: the same cause gives the same id, whichever record and however often showed it."""

import hashlib
from typing import NamedTuple

from processors.alerts.messages import message_of
from processors.alerts.rules import StoredRule
from runtime.metrics import ALERTS
from runtime.stage import Output
from schemas.alerts import Alert, AlertReason, AlertState
from schemas.codec import encode
from schemas.headers import IDENTITY, TYPE
from schemas.topics import Topic

# An alert is written by the record that shows its cause or, for a rule that is read later than that, by the rule's own. So its identity is its
# alert_id; that of the input record would differ around a crash, and a reader would drop what it never saw.
_ALERT = {TYPE: b"alert", IDENTITY: b""}


class Place(NamedTuple):
    """What a rule judges: a series of bars or indicators; timeframe is empty for gaps and sources."""

    symbol: str
    source: str
    timeframe: str = ""


class Cause(NamedTuple):
    """What was seen. mark: what tells this cause from others of the place (a bar's start, a gap_id, the time of the last data)."""

    mark: str
    subject: str
    measured: str
    threshold: str
    ts_event_ns: int
    known_at_ns: int
    revision: int = 0


def alert_id(stored: StoredRule, place: Place, mark: str, state: AlertState, number: int = 0) -> str:
    """number: of the events with this mark and state that were withdrawn before."""
    parts = (stored.rule.id, stored.version, *place, mark, state, str(number))
    return hashlib.sha256("|".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def alert_of(
    stored: StoredRule,
    place: Place,
    cause: Cause,
    state: AlertState,
    reason: AlertReason,
    own_id: str,
    episode_id: str,
    withdraws: str = "",
) -> Output:
    """The record of one event."""
    rule = stored.rule
    alert = Alert(
        alert_id=own_id,
        episode_id=episode_id,
        state=state,
        reason=reason,
        rule_id=rule.id,
        rule_version=stored.version,
        kind=str(rule.__struct_config__.tag),
        severity=rule.severity,
        symbol=place.symbol,
        source=place.source,
        timeframe=place.timeframe,
        subject=cause.subject,
        measured=cause.measured,
        threshold=cause.threshold,
        message="",
        ts_event_ns=cause.ts_event_ns,
        known_at_ns=cause.known_at_ns,
        revision=cause.revision,
        withdraws=withdraws,
    )
    ALERTS.labels(alert.kind, alert.severity, state).inc()
    alert.message = message_of(rule.message, alert)
    return Output(Topic.ALERTS, encode(alert), place.symbol.encode("utf-8", "surrogatepass"), _ALERT)


def cleared(stored: StoredRule, place: Place, cause: Cause, reason: AlertReason, episode_id: str) -> Output:
    """The end of an episode that no further event of the place can repeat (its rule or its cause is gone)."""
    return alert_of(stored, place, cause, "cleared", reason, alert_id(stored, place, episode_id, "cleared"), episode_id)
