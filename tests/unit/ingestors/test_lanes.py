"""Symbols spread over connections."""

import pytest

from ingestors.shard import groups_of, shards_of


@pytest.mark.parametrize(("number", "most", "sizes"), [(1, 100, [1]), (100, 100, [100]), (101, 100, [51, 50]), (2_000, 100, [100] * 20)])
def test_as_few_connections_as_can_be_of_equal_size(number: int, most: int, sizes: list[int]) -> None:
    symbols = [f"S{i}" for i in range(number)]
    shards = shards_of(symbols, most)
    assert [len(shard) for shard in shards] == sizes
    assert sorted(symbol for shard in shards for symbol in shard) == sorted(symbols)


def test_groups_never_share_a_connection() -> None:
    assert groups_of(["A", "B-C", "D"], lambda symbol: "pairs" if "-" in symbol else "") == {"": ["A", "D"], "pairs": ["B-C"]}
