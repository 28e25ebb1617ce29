"""When a polled provider is taken to be away."""

from ingestors.polling.presence import Presence
from schemas.timeframes import SECOND_NS

CARRIED = ("AAPL", "MSFT", "TSLA", "NVDA")


def heard_s(presence: Presence, now_s: float, carried: tuple[str, ...] = CARRIED) -> float:
    return presence.heard_ns(carried, round(now_s * SECOND_NS)) / SECOND_NS


def test_a_provider_that_was_not_asked_is_there() -> None:
    assert heard_s(Presence(), 100) == 100


def test_one_symbol_that_is_not_answered_says_nothing_about_the_others() -> None:
    presence = Presence()
    for at_s in range(100):
        presence.failed(["AAPL"], at_s * SECOND_NS)
    assert heard_s(presence, 100) == 100
    assert heard_s(presence, 100, ("AAPL",)) == 0  # but where there is no other


def test_several_say_that_it_is_away_since_the_first_of_them_but_not_at_once() -> None:
    presence = Presence()
    for at_s, symbol in enumerate(CARRIED, start=10):
        presence.failed([symbol], at_s * SECOND_NS)
    assert heard_s(presence, 25) == 25
    assert heard_s(presence, 26) == 10


def test_any_answer_brings_it_back() -> None:
    presence = Presence()
    presence.failed(CARRIED, 10 * SECOND_NS)
    presence.answered()
    assert heard_s(presence, 60) == 60
    presence.failed(["AAPL"], 61 * SECOND_NS)
    assert heard_s(presence, 90) == 90


def test_symbols_that_are_not_carried_any_more_do_not_count() -> None:
    presence = Presence()
    presence.failed(CARRIED, 0)
    assert heard_s(presence, 60, ("IBM", "ORCL", "SAP")) == 60
