"""However many processes a provider has, each symbol and each partition is one process'."""

from hypothesis import given
from hypothesis import strategies as st

from ingestors.process_shard import ProcessShard, shard_in, shard_of
from schemas.partitioner import partition_of

SYMBOLS = st.lists(st.from_regex(r"[A-Z0-9]{1,8}(-[A-Z]{3,4})?", fullmatch=True), max_size=60)


@st.composite
def spread(draw: st.DrawFn) -> list[ProcessShard]:
    partitions = draw(st.integers(1, 64))
    of = draw(st.integers(1, partitions))
    return [ProcessShard(partitions, number, of) for number in range(1, of + 1)]


@given(spread(), SYMBOLS)
def test_each_symbol_falls_to_one_process_which_has_its_partition(shards: list[ProcessShard], symbols: list[str]) -> None:
    found = [symbol for shard in shards for symbol in shard.of_these(symbols)]
    assert sorted(found) == sorted(set(symbols))
    for shard in shards:
        assert {partition_of(symbol, shard.partitions) for symbol in shard.of_these(symbols)} <= set(shard.own)


@given(spread())
def test_each_partition_has_one_process_and_each_process_some(shards: list[ProcessShard]) -> None:
    assert sorted(partition for shard in shards for partition in shard.own) == list(range(shards[0].partitions))
    assert all(shard.own for shard in shards)
    assert max(len(shard.own) for shard in shards) - min(len(shard.own) for shard in shards) <= 1


@given(spread(), st.sampled_from(["ingest-binance", "ingest-kraken", "ingest-kraken-v1"]))
def test_names_differ_and_say_which_process_it_is(shards: list[ProcessShard], name: str) -> None:
    assert len({shard.named(name) for shard in shards}) == len(shards)
    for shard in shards:
        assert shard_in(shard.named(name), name) == (shard.number, shard.of)
        assert shard_in(shard.named(name), "ingest-kra") is None
        assert shard_of(str(shard), shard.partitions) == shard
