"""What a sink remembers of its writes."""

from hypothesis import given
from hypothesis import strategies as st

from cache.guard import Write, order_of
from sinks.redis.newest import Newest

MANY = 10**9


def write(key: str, order: int, part: str = "trade", source: str = "binance", lifetime_s: int = 60) -> Write:
    return Write(key, part, order_of(order), source, b"head", b"body" * 10, lifetime_s)


def test_older_is_what_comes_behind_the_same_part() -> None:
    newest = Newest(MANY)
    newest.note(write("a", 5), 0)
    assert newest.is_older(write("a", 4))
    assert not newest.is_older(write("a", 5))
    assert not newest.is_older(write("a", 4, part="quote"))
    assert not newest.is_older(write("b", 4))
    newest.forget(["a"])
    assert not newest.is_older(write("a", 4))


def test_a_part_of_another_source_replaces_both() -> None:
    newest = Newest(MANY)
    for part in ("trade", "quote"):
        newest.note(write("a", 5, part), 0)
    newest.note(write("a", 6, source="kraken"), 0)
    assert [(one.part, one.source) for one in newest.alive(0)] == [("trade", "kraken")]
    assert not newest.is_older(write("a", 1, part="quote", source="kraken"))


def test_what_is_over_is_not_written_again_and_the_rest_lives_no_longer_than_it_would_have() -> None:
    newest = Newest(MANY)
    newest.note(write("a", 5), 0)
    newest.note(write("b", 5, lifetime_s=300), 0)
    assert [(one.key, one.lifetime_s) for one in newest.alive(100)] == [("b", 200)]
    assert newest.is_older(write("a", 4))


@given(
    st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 9), st.sampled_from(["trade", "quote"]), st.sampled_from("xy"))),
    st.integers(0, 5),
)
def test_it_is_bounded_and_counts_its_bytes(writes: list[tuple[str, int, str, str]], values: int) -> None:
    limit = values * 800
    newest = Newest(limit)
    for key, order, part, source in writes:
        newest.note(write(key, order, part, source), 0)
        assert newest.bytes <= limit
    kept = list(newest.alive(0))
    assert newest.bytes == sum(700 + len(one.head) + len(one.body) for one in kept)
    if writes and values >= 2:
        assert writes[-1][0] in {one.key for one in kept}
