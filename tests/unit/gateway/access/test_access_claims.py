"""What several connections hold of one limit."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.access.claims import LocalClaims


async def test_different_names_count_and_each_claim_is_given_back() -> None:
    claims = LocalClaims()
    assert await claims.claim("symbols", "ann", ["A", "B"], 2)
    assert await claims.claim("symbols", "ann", ["B"], 2)
    assert not await claims.claim("symbols", "ann", ["A", "C"], 2)
    claims.release("symbols", "ann", ["B"])
    assert not await claims.claim("symbols", "ann", ["C"], 2)
    claims.release("symbols", "ann", ["B"])
    assert await claims.claim("symbols", "ann", ["C"], 2)
    assert await claims.claim("symbols", "bob", ["D", "E"], 2)
    assert await claims.claim("connections", "ann", ["1"], 1)


_STEPS = st.lists(st.tuples(st.booleans(), st.sets(st.sampled_from("ABCDE"), min_size=1)), max_size=40)


@given(steps=_STEPS, limit=st.integers(0, 4))
def test_never_above_the_limit_and_nothing_left_behind(steps: list[tuple[bool, set[str]]], limit: int) -> None:
    claims = LocalClaims()
    held: list[set[str]] = []
    for is_claim, names in steps:
        if is_claim:
            granted = claims.claim_now("symbols", "ann", names, limit)
            assert granted is (not limit or len(set().union(*held, names)) <= limit)
            held += [names] if granted else []
        elif held:
            claims.release("symbols", "ann", held.pop())
        assert claims.held("symbols", "ann") == set().union(*held)
    for names in held:
        claims.release("symbols", "ann", names)
    assert claims.owners() == []
