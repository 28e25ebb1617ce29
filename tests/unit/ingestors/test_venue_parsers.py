"""What is no message of a venue, or not as it should be, is refused with a reason, by every venue's parser alike."""

import pytest

from runtime.errors import InvalidRecord
from tests.venue_messages import PARSERS, SYMBOLS, TRADE, parse


@pytest.mark.parametrize("name", PARSERS)
@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (b"", "broken_json"),
        (b"{", "broken_json"),
        (b"[", "broken_json unknown_message"),
        (b"[" * 100_000, "broken_json unknown_message"),
        (b'{"channel":"trade","type":"\xff"}', "broken_json unknown_message"),
        (b"{}", "unknown_message"),
        (b'{"channel":"nothing","type":"nothing","event":"nothing"}', "unknown_message"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_is_no_message_of_the_venue(name: str, frame: bytes, reason: str) -> None:
    with pytest.raises(InvalidRecord) as refused:
        PARSERS[name](SYMBOLS, name).parse(frame, 99)
    assert refused.value.reason in reason


@pytest.mark.parametrize(
    ("name", "frame", "reason"),
    [
        ("kraken", TRADE.replace("BTC/USD", "XYZ/USD"), "unknown_symbol"),
        ("kraken", TRADE.replace('"trade_id":7,', ""), "missing_field"),
        ("kraken", TRADE.replace("105944.2", "null"), "invalid_field"),
        ("kraken", TRADE.replace("105944.2", "1" * 65), "invalid_field"),
        ("kraken", TRADE.replace("2023-10-06T", "yesterday "), "invalid_field"),
        ("kraken-v1", '[0,[["1","2"]],"trade","XBT/USD"]', "missing_field"),
        ("kraken-v1", '[0,[["1","2","3.5"]],"trade","ABC/USD"]', "unknown_symbol"),
        ("kraken-v1", '[0,"x","nothing","XBT/USD"]', "unknown_message"),
        ("kraken-v1", "[1,2,3]", "unknown_message"),
        ("bitfinex", "[9,[1,2,3]]", "unknown_message"),
        ("kucoin", '{"subject":"trade.l3match","data":{"symbol":"BTC-USD"}}', "missing_field"),
        ("htx", '{"ch":"market.ethusdt.bbo","tick":{"seqId":1,"ask":1,"askSize":1,"bid":1,"bidSize":1}}', "unknown_symbol"),
    ],
)  # fmt: skip
def test_what_is_not_as_it_should_be(name: str, frame: str, reason: str) -> None:
    with pytest.raises(InvalidRecord) as refused:
        parse(name, frame)
    assert refused.value.reason == reason
