"""Names and lifetimes of what is kept in Redis: requirement S1's table."""

import pytest

from cache.guard import guard_lifetime_s
from cache.keys import guard_key, key_of, keys_of_symbol
from cache.kinds import KINDS, SERVICES, SINK, lifetime_s
from runtime.errors import UserError
from schemas.timeframes import Timeframe


@pytest.mark.parametrize(
    ("kind", "parts", "key", "seconds"),
    [
        ("quote", ("AAPL",), "quote:AAPL", 60),
        ("historical", ("AAPL", "1y", "1d"), "historical:AAPL:1y:1d", 3600),
        ("profile", ("AAPL",), "profile:AAPL", 1800),
        ("news", ("AAPL", 10), "news:AAPL:10", 900),
        ("indices", (), "market:indices", 120),
        ("sentiment", (), "market:sentiment", 300),
        ("sectors", (), "market:sectors", 300),
        ("movers", ("gainers",), "market:movers:gainers", 300),
        ("search", ("  Apple Inc ", 10), "search:apple%20inc:10", 300),
        ("bar", ("BTC-USDT", "1m"), "bar:BTC-USDT:1m", 300),
    ],
)
def test_keys_and_lifetimes_as_required(kind: str, parts: tuple[object, ...], key: str, seconds: int) -> None:
    assert key_of(KINDS[kind], parts) == key
    assert KINDS[kind].lifetime_s == seconds


def test_no_two_texts_have_one_key() -> None:
    texts = ["a:b", "a%3Ab", "a", "a b", "a\x00", "ä"]
    assert len({key_of(KINDS["profile"], (text,)) for text in texts}) == len(texts)
    assert key_of(KINDS["news"], ("a:1", 2)) != key_of(KINDS["news"], ("a", "1:2"))


@pytest.mark.parametrize("parts", [(), ("AAPL",), ("AAPL", 1, 2), ("", 10), ("A" * 201, 10)])
def test_wrong_parts_are_refused(parts: tuple[object, ...]) -> None:
    with pytest.raises(UserError, match="news"):
        key_of(KINDS["news"], parts)


@pytest.mark.parametrize(("timeframe", "seconds"), [("1m", 300), ("5m", 600), ("1d", 172_800), ("1M", 5_356_800), ("unknown", 300)])
def test_a_series_lives_for_two_of_its_bars(timeframe: str, seconds: int) -> None:
    assert lifetime_s(KINDS["bar"], timeframe) == seconds


@pytest.mark.parametrize(("timeframe", "seconds"), [("1m", 60), ("1h", 3600), ("unknown", 60)])
def test_a_forming_bar_is_gone_soon_after_its_interval(timeframe: str, seconds: int) -> None:
    assert lifetime_s(KINDS["forming"], timeframe) == seconds


@pytest.mark.parametrize("timeframe", Timeframe)
def test_the_guard_outlives_the_value(timeframe: Timeframe) -> None:
    seconds = lifetime_s(KINDS["bar"], timeframe)
    assert guard_lifetime_s(seconds) > seconds
    assert guard_key("quote:BTC-USDT") == "guard:{quote:BTC-USDT}"


def test_a_symbol_has_every_key_that_the_sink_writes() -> None:
    keys = keys_of_symbol("BTC-USDT")
    assert len(keys) == len(set(keys)) == 1 + 4 * len(Timeframe)
    assert {key.split(":")[0] for key in keys} == {kind.key for kind in KINDS.values() if kind.written_by == SINK and kind.of_symbol}


def test_kinds_are_named_by_their_keys() -> None:
    assert {kind.written_by for kind in KINDS.values()} == {SINK, SERVICES}
    assert len({kind.key for kind in KINDS.values()}) == len(KINDS)
    assert all(name == kind.name and kind.key.split(":")[-1] == name for name, kind in KINDS.items())
