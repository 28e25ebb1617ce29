"""A repeat is dropped, a new record never is, and what was seen survives a snapshot."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.identity import Identity, SeenIdentities

identities = st.builds(
    Identity,
    st.just("bars"),
    st.sampled_from(["market.ticks", "market.ticks.raw"]),
    st.integers(0, 3),
    st.integers(0, 10**12),
    st.integers(0, 99),
)


@given(identities)
def test_round_trip(identity: Identity) -> None:
    assert Identity.decode(identity.encode()) == identity


@pytest.mark.parametrize("raw", [b"", b"a|b", b"a|b|c|d|e", b"a|b|1|2|3|4"])
def test_what_is_no_identity_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"unpack|invalid literal"):
        Identity.decode(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"\xff|t|0|1|0",
        b"|t|0|1|0",
        b"bars||0|1|0",
        b"ba\x00rs|t|0|1|0",
        b"bars|t|0|-1|0",
        b"bars|t|0|9223372036854775808|0",
        b"x|1|2",
        b"garbage",
    ],
)
def test_what_no_state_could_keep_is_refused_and_not_remembered(raw: bytes) -> None:
    seen = SeenIdentities()
    with pytest.raises(ValueError):  # noqa: PT011 - Python's own texts
        seen.is_repeat(raw)
    assert seen.snapshot() == {}


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 3)), max_size=30))
def test_a_log_with_its_tail_written_again_reads_as_the_log(positions: list[tuple[int, int]]) -> None:
    log = [Identity("bars", "market.ticks", 0, offset, index).encode() for offset, index in sorted(set(positions))]
    for cut in range(len(log) + 1):
        seen = SeenIdentities()
        assert [raw for raw in log + log[cut:] if not seen.is_repeat(raw)] == log


def test_inputs_of_other_partitions_and_stages_are_apart() -> None:
    seen = SeenIdentities()
    assert not seen.is_repeat(Identity("bars", "market.ticks", 0, 9, 0).encode())
    assert not seen.is_repeat(Identity("bars", "market.ticks", 1, 3, 0).encode())
    assert not seen.is_repeat(Identity("validate", "market.ticks", 0, 3, 0).encode())


def test_snapshot_goes_on_where_it_was() -> None:
    seen = SeenIdentities()
    first, second = Identity("bars", "t", 0, 1, 0).encode(), Identity("bars", "t", 0, 1, 1).encode()
    seen.is_repeat(first)
    restored = SeenIdentities(seen.snapshot())
    assert restored.is_repeat(first)
    assert not restored.is_repeat(second)
