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
    ANSWER_TOO_LARGE = "answer_too_large"
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
    STALE_QUOTE = "stale_quote"
    PRICE_ANOMALY = "price_anomaly"
    VOLUME_ANOMALY = "volume_anomaly"
    CROSS_SOURCE_DEVIATION = "cross_source_deviation"
    QUOTE_PRICE_ANOMALY = "quote_price_anomaly"
    SPREAD_ANOMALY = "spread_anomaly"
    QUOTE_SIZE_ANOMALY = "quote_size_anomaly"
    # order books (ingestors): the book is thrown away until its next snapshot
    CHECKSUM_MISMATCH = "checksum_mismatch"
    CROSSED_BOOK = "crossed_book"
    RECONNECTED = "reconnected"
    BEYOND_SNAPSHOT = "beyond_snapshot"
    # bars of providers (the stage bars)
    PRICE_SCALE = "price_scale"
    SPLIT_SUSPECTED = "split_suspected"
    ADJUSTMENT_MISSING = "adjustment_missing"
    MISSING_INTERVAL = "missing_interval"
    # drops that are expected and only counted
    DUPLICATE = "duplicate"
    REPEATED_IDENTITY = "repeated_identity"
    BEHIND_HISTORY = "behind_history"
    LOST_TO_RETENTION = "lost_to_retention"
    CONFLATED = "conflated"
    # bars
    PARTIAL_INTERVAL = "partial_interval"
    REBUILT = "rebuilt"
    # sinks
    UNSTORABLE = "unstorable"
    PAST_RETENTION = "past_retention"
    REFUSED_BY_RECEIVER = "refused_by_receiver"
    UNDELIVERED = "undelivered"


@dataclass(frozen=True, slots=True)
class ReasonSpec:
    """meaning: one sentence; weight: the share of the score 0..1 that it takes (0: none; 1: the data is refused); example: one case."""

    meaning: str
    weight: float
    example: str


CATALOGUE: dict[Reason, ReasonSpec] = {
    Reason.BROKEN_JSON: ReasonSpec("the frame is not JSON", 1, '`{"e":"trade","p":` cut off by a proxy'),
    Reason.UNKNOWN_MESSAGE: ReasonSpec(
        "the frame is JSON, but no message of the provider that we know", 1, '`{"e":"listStatus", ...}` on a trade stream'
    ),
    Reason.MISSING_FIELD: ReasonSpec("a required field is absent", 1, "a trade without `p`"),
    Reason.INVALID_FIELD: ReasonSpec("a field has the wrong type or form", 1, "a trade id of -1, a symbol with a comma"),
    Reason.FRAME_TOO_LARGE: ReasonSpec(
        "the frame is larger than the ingestor accepts", 1, "300 kB where `binance.max_frame_bytes` is 262,144"
    ),
    Reason.ANSWER_TOO_LARGE: ReasonSpec(
        "an answer of a REST interface is larger than `limits.max_answer_bytes`, and was given up; counted, not kept",
        0,
        "a symbol table of 100 MB where 67,108,864 bytes are accepted",
    ),
    Reason.UNKNOWN_SYMBOL: ReasonSpec(
        "the venue's symbol table does not list the symbol", 1, "a trade of `XYZUSDT`, which the venue does not list"
    ),
    Reason.UNDECODABLE: ReasonSpec("the record's bytes are not JSON", 1, "bytes of another format, a text cut in the middle"),
    Reason.INVALID_SCHEMA: ReasonSpec("the record is JSON, but not the event of its topic", 1, "an envelope without `source`"),
    Reason.NON_POSITIVE_PRICE: ReasonSpec("a price is zero or negative", 1, "price `-1`, or a bar's open of `0.0`"),
    Reason.NON_POSITIVE_SIZE: ReasonSpec("a traded size is zero or negative, or a quoted one negative", 1, "size `0`"),
    Reason.NOT_A_NUMBER: ReasonSpec("a price or size is no finite decimal number", 1, "price `nan`, `1e5` or `1,5`"),
    Reason.TIME_OUT_OF_RANGE: ReasonSpec(
        "the event time is before 1990 or more than ten minutes after the receive time", 1, "an event time of tomorrow"
    ),
    Reason.OHLC_VIOLATION: ReasonSpec("a bar's low and high do not enclose its open and close", 1, "high 101, close 102"),
    Reason.CROSSED_QUOTE: ReasonSpec("the bid is not below the ask, and it is not a value without sizes", 0.5, "bid 100.2, ask 100.1"),
    Reason.OUT_OF_ORDER: ReasonSpec(
        "the event time is before that of an earlier tick of the symbol", 0.1, "a trade of 12:00:01 after one of 12:00:02"
    ),
    Reason.SEQUENCE_GAP: ReasonSpec("the tick follows a hole in the venue's own numbering that was not filled", 0.3, "id 13 after id 10"),
    Reason.GAP_FILLED: ReasonSpec("the tick was fetched later, to fill a hole", 0.05, "ids 11 and 12, fetched over REST"),
    Reason.LATE: ReasonSpec("the tick came more than a minute after its event time", 0.1, "a trade of 12:00:00 received at 12:01:30"),
    Reason.STALE_QUOTE: ReasonSpec(
        "at its receipt the quote was older than 15 minutes of open market", 0.3, "a quote of 12:00 received at 12:20"
    ),
    Reason.PRICE_ANOMALY: ReasonSpec(
        "the price is far from the median of the trades before it, by their median absolute deviation",
        0.3,
        "103 after 64 trades between 99.9 and 100.1",
    ),
    Reason.VOLUME_ANOMALY: ReasonSpec(
        "the size is far above the median of the trades before it, by their median absolute deviation",
        0.05,
        "a size of 50,000 after 64 of about 1",
    ),
    Reason.CROSS_SOURCE_DEVIATION: ReasonSpec(
        "the price differs from that of the symbol's other sources at the same time",
        0.2,
        "101.5 at one venue, 100 at the other three seconds before",
    ),
    Reason.QUOTE_PRICE_ANOMALY: ReasonSpec(
        "the middle of bid and ask is far from the median of the quotes before it, by their median absolute deviation",
        0.3,
        "bid 102.9, ask 103.1 after 1,984 quotes around 100",
    ),
    Reason.SPREAD_ANOMALY: ReasonSpec(
        "the spread is far above the median of the quotes before it, by their median absolute deviation",
        0.2,
        "bid 95, ask 105 after 1,984 quotes with a spread of 0.01",
    ),
    Reason.QUOTE_SIZE_ANOMALY: ReasonSpec(
        "the size of a side is far above the median of the quotes before it, by their median absolute deviation",
        0.05,
        "a bid of 50,000 after 1,984 quotes of about 1",
    ),
    Reason.CHECKSUM_MISMATCH: ReasonSpec(
        "the book does not have the checksum that the venue sent with the change", 0, "a change of a Kraken book was lost"
    ),
    Reason.CROSSED_BOOK: ReasonSpec(
        "the best bid of a book stayed at or above its best ask for a second", 0, "bid 100.2, ask 100.1 since 12:00:01"
    ),
    Reason.RECONNECTED: ReasonSpec(
        "the connection that a book was read from ended", 0, "the venue closed the socket: its books begin again with a snapshot"
    ),
    Reason.BEYOND_SNAPSHOT: ReasonSpec(
        "a book moved to levels that its snapshot did not show",
        0,
        "100 levels a side were shown, and 85 of the asks are gone: there may be others",
    ),
    Reason.PRICE_SCALE: ReasonSpec(
        "a provider's price is about a hundred times its neighbour, or a hundredth", 1, "14.55, then 0.1455: pounds for pence"
    ),
    Reason.SPLIT_SUSPECTED: ReasonSpec(
        "a provider's price steps by the size of a declared split where none should be left",
        0.5,
        "20,710, then 4,206, one day before a split of 5",
    ),
    Reason.ADJUSTMENT_MISSING: ReasonSpec(
        "a provider's adjusted closes do not have a dividend taken off", 0.3, "adjusted close = close before a dividend of 0.70"
    ),
    Reason.MISSING_INTERVAL: ReasonSpec(
        "the provider has no bar where the market was open", 0.3, "no daily bar for a Thursday that was no holiday"
    ),
    Reason.DUPLICATE: ReasonSpec("the venue's id was seen before, or its bar says nothing new", 0, "the same trade after a reconnect"),
    Reason.REPEATED_IDENTITY: ReasonSpec(
        "a stage wrote the record twice around a crash", 0, "a worker killed between writing and committing"
    ),
    Reason.BEHIND_HISTORY: ReasonSpec(
        "the tick belongs to a bar, or the provider restates one, that is too old to be corrected by the stream",
        0,
        "a trade of two hours ago, 64 bars of 1m behind",
    ),
    Reason.LOST_TO_RETENTION: ReasonSpec(
        "the broker had deleted the record before it was read", 0, "a sink that stood still for longer than the topic keeps"
    ),
    Reason.CONFLATED: ReasonSpec(
        "a newer quote overtook this one while the broker did not keep up", 0, "two quotes of BTC-USDT waiting for one envelope"
    ),
    Reason.PARTIAL_INTERVAL: ReasonSpec(
        "the bar's interval was not observed from its start to its end", 0, "a series' first bar, begun at second 42"
    ),
    Reason.REBUILT: ReasonSpec(
        "the bar was computed again from the stored ticks, by `tickerplant rebuild bars`", 0, "a bar with trades that came two hours late"
    ),
    Reason.UNSTORABLE: ReasonSpec("the store refuses the value", 1, "a number that the column's type cannot hold"),
    Reason.PAST_RETENTION: ReasonSpec(
        "with `storage.retention` on, the row is older than its table keeps rows",
        1,
        "a tick of `SOL-USDT` from last year, where `storage.ticks_days` is 182",
    ),
    Reason.REFUSED_BY_RECEIVER: ReasonSpec(
        "a webhook's receiver answered that it will never take the alert", 1, "a POST answered with 400"
    ),
    Reason.UNDELIVERED: ReasonSpec(
        "a webhook's receiver failed for longer than sink.webhook.give_up_after_s", 1, "a receiver that answered 503 for ten minutes"
    ),
}
