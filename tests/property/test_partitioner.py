"""Our partitioner is Java's: two clients that disagree would split a symbol over two workers."""

from aiokafka.partitioner import murmur2 as reference_murmur2
from hypothesis import given
from hypothesis import strategies as st

from schemas.partitioner import murmur2, partition_of


@given(st.binary(max_size=200))
def test_murmur2_equals_the_reference(data: bytes) -> None:
    assert murmur2(data) == reference_murmur2(data) & 0xFFFFFFFF


@given(st.text(min_size=1, max_size=20), st.integers(1, 1024))
def test_partition_is_in_range_and_stable(symbol: str, partitions: int) -> None:
    partition = partition_of(symbol, partitions)
    assert 0 <= partition < partitions
    assert partition == partition_of(symbol, partitions)


def test_known_partitions_never_move() -> None:
    """Data is on disk under these: a change of the function would tear symbols apart."""
    assert [partition_of(s, 4) for s in ("BTC-USDT", "ETH-USDT", "SOL-USDT")] == [2, 1, 1]
