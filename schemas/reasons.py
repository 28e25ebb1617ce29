"""Reason codes. A dead letter has exactly one; a tick or bar that lost score has those that took it. One catalogue: code, what it means, weight."""

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Codes on the wire: never renamed, only added."""

    # frames (ingestors): the frame never became an event
    BROKEN_JSON = "broken_json"
    UNKNOWN_MESSAGE = "unknown_message"
    MISSING_FIELD = "missing_field"
    INVALID_FIELD = "invalid_field"
    FRAME_TOO_LARGE = "frame_too_large"
    UNKNOWN_SYMBOL = "unknown_symbol"
    # records (any stage): the bytes are not the event they should be
    UNDECODABLE = "undecodable"
    INVALID_SCHEMA = "invalid_schema"
    # values (validate): wrong data, dead-lettered
    NON_POSITIVE_PRICE = "non_positive_price"
    NON_POSITIVE_SIZE = "non_positive_size"
    NOT_A_NUMBER = "not_a_number"
    TIME_OUT_OF_RANGE = "time_out_of_range"
    OHLC_VIOLATION = "ohlc_violation"
    # values (validate): odd data, kept with a lower score
    CROSSED_QUOTE = "crossed_quote"
    OUT_OF_ORDER = "out_of_order"
    SEQUENCE_GAP = "sequence_gap"
    GAP_FILLED = "gap_filled"
    LATE = "late"
    # drops that are expected and only counted
    DUPLICATE = "duplicate"
    REPEATED_IDENTITY = "repeated_identity"
    BEHIND_HISTORY = "behind_history"
    LOST_TO_RETENTION = "lost_to_retention"
    CONFLATED = "conflated"
    # bars
    PARTIAL_INTERVAL = "partial_interval"
    # sinks
    UNSTORABLE = "unstorable"
    REFUSED_BY_RECEIVER = "refused_by_receiver"
    UNDELIVERED = "undelivered"


@dataclass(frozen=True, slots=True)
class ReasonSpec:
    """meaning: one sentence; weight: the share of the score 0..1 that it takes (0: none; 1: the data is refused)."""

    meaning: str
    weight: float


CATALOGUE: dict[Reason, ReasonSpec] = {
    Reason.BROKEN_JSON: ReasonSpec("the frame is not JSON", 1),
    Reason.UNKNOWN_MESSAGE: ReasonSpec("the frame is JSON, but no message of the provider that we know", 1),
    Reason.MISSING_FIELD: ReasonSpec("a required field is absent", 1),
    Reason.INVALID_FIELD: ReasonSpec("a field has the wrong type or form", 1),
    Reason.FRAME_TOO_LARGE: ReasonSpec("the frame is larger than the ingestor accepts", 1),
    Reason.UNKNOWN_SYMBOL: ReasonSpec("the venue's symbol table does not list the symbol", 1),
    Reason.UNDECODABLE: ReasonSpec("the record's bytes are not JSON", 1),
    Reason.INVALID_SCHEMA: ReasonSpec("the record is JSON, but not the event of its topic", 1),
    Reason.NON_POSITIVE_PRICE: ReasonSpec("a price is zero or negative", 1),
    Reason.NON_POSITIVE_SIZE: ReasonSpec("a traded size is zero or negative, or a quoted one negative", 1),
    Reason.NOT_A_NUMBER: ReasonSpec("a price or size is no finite decimal number", 1),
    Reason.TIME_OUT_OF_RANGE: ReasonSpec("the event time is before 1990 or more than a day after the receive time", 1),
    Reason.OHLC_VIOLATION: ReasonSpec("a bar's low and high do not enclose its open and close", 1),
    Reason.CROSSED_QUOTE: ReasonSpec("the bid is not below the ask", 0.5),
    Reason.OUT_OF_ORDER: ReasonSpec("the event time is before that of an earlier tick of the symbol", 0.1),
    Reason.SEQUENCE_GAP: ReasonSpec("the tick follows a hole in the venue's own numbering that was not filled", 0.3),
    Reason.GAP_FILLED: ReasonSpec("the tick was fetched later, to fill a hole", 0.05),
    Reason.LATE: ReasonSpec("the tick came more than a minute after its event time", 0.1),
    Reason.DUPLICATE: ReasonSpec("the venue's id was seen before", 0),
    Reason.REPEATED_IDENTITY: ReasonSpec("a stage wrote the record twice around a crash", 0),
    Reason.BEHIND_HISTORY: ReasonSpec("the tick belongs to a bar that is too old to be corrected by the stream", 0),
    Reason.LOST_TO_RETENTION: ReasonSpec("the broker had deleted the record before it was read", 0),
    Reason.CONFLATED: ReasonSpec("a newer quote overtook this one while the broker did not keep up", 0),
    Reason.PARTIAL_INTERVAL: ReasonSpec("the bar's interval was not observed from its start to its end", 0),
    Reason.UNSTORABLE: ReasonSpec("the store refuses the value", 1),
    Reason.REFUSED_BY_RECEIVER: ReasonSpec("a webhook's receiver answered that it will never take the alert", 1),
    Reason.UNDELIVERED: ReasonSpec("a webhook's receiver failed for longer than sink.webhook.give_up_after_s", 1),
}
