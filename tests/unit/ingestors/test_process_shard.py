"""Which process of how many: nonsense is refused before anything starts."""

import pytest

from ingestors.process_shard import ProcessShard, check_processes, shard_in, shard_of
from ingestors.registry import provider_of
from ingestors.worker import run_ingestor
from runtime.errors import UserError
from runtime.settings import load_settings


@pytest.mark.parametrize("text", ["0/2", "3/2", "2", "1/", "/2", "a/b", "-1/2", "1/0", "1/2/3", "1.5/2", " 1/2", "", "1/99999"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(UserError, match=r"--shard .*: write the number of this process of all, counted from 1, as 1/2 and 2/2"):
        shard_of(text, 4)


def test_there_are_no_more_processes_than_partitions() -> None:
    assert shard_of("4/4", 4).own == (3,)
    with pytest.raises(UserError, match="5 processes of one provider are more than the 4 partitions"):
        shard_of("1/5", 4)


def test_the_only_process_is_named_as_ever() -> None:
    assert shard_of("1/1", 4) == ProcessShard(4)
    assert ProcessShard(4).named("ingest-binance") == "ingest-binance"
    assert ProcessShard(4, 2, 3).named("ingest-binance") == "ingest-binance-2of3"
    assert shard_in("ingest-kraken-v1", "ingest-kraken") is None
    assert shard_in("ingest-kraken-v1-1of2", "ingest-kraken") is None


@pytest.mark.parametrize(("name", "said"), [("csv-drop", "takes files"), ("finnhub", "one connection"), ("polygon", "one connection")])
def test_some_providers_cannot_be_spread(name: str, said: str) -> None:
    check_processes(provider_of(name), 1, 4)
    with pytest.raises(UserError, match=said):
        run_ingestor(name, load_settings(), (), ProcessShard(4, 1, 2))


def test_a_capture_is_not_spread(tmp_path: object) -> None:
    with pytest.raises(UserError, match="leave one out"):
        run_ingestor("binance", load_settings(), (tmp_path,), ProcessShard(4, 1, 2))  # type: ignore[arg-type]
