"""Which processes run, in which order, and that a simulated feed is named so."""

import json
from typing import Any

import pytest

from runtime.errors import UserError
from runtime.settings import load_settings
from tickerplant.cli import stack
from tickerplant.stack.plan import SIMULATED_SOURCE, STOP_ORDER, Feed, Process, start_groups, stop_name

SETTINGS = load_settings()


def by_name(feed: Feed) -> dict[str, Process]:
    return {process.name: process for group in start_groups(SETTINGS, feed, 25_000) for process in group}


def test_readers_start_before_writers() -> None:
    names = [[process.name for process in group] for group in start_groups(SETTINGS, Feed(), 25_000)]
    assert names[1:] == [["exchange"], ["ingest-binance"]]
    assert {"process-validate", "sink-timescale", "gateway"} <= set(names[0])


@pytest.mark.parametrize(("kind", "absent"), [("none", {"exchange", "ingest-binance"}), ("live", {"exchange"}), ("simulated", set())])
def test_what_a_feed_needs(kind: str, absent: set[str]) -> None:
    every = {name for group in STOP_ORDER for name in group} - {"kafka", "postgres", "redis", "sink-webhook", "schedule", "ingest"}
    assert set(by_name(Feed(kind))) == (every | {"ingest-binance"}) - absent  # type: ignore[arg-type]


def test_alerts_are_posted_only_where_there_is_somebody_to_call() -> None:
    settings = load_settings(sink={"webhook": {"urls": ["https://example.org/hook"]}})
    names = {process.name for process in start_groups(settings, Feed("none"), 0)[0]}
    assert names - set(by_name(Feed("none"))) == {"sink-webhook"}


@pytest.mark.parametrize(
    "more", [{"schedule": {"backfills": [{"provider": "binance"}]}}, {"storage": {"retention": True}}], ids=["backfills", "retention"]
)
def test_the_schedule_runs_where_it_has_something_to_do(more: dict[str, Any]) -> None:
    names = {process.name for process in start_groups(load_settings(**more), Feed("none"), 0)[0]}
    assert names - set(by_name(Feed("none"))) == {"schedule"}


def test_who_waits_for_a_tick_goes_before_what_stores_and_sums_up() -> None:
    first = {name for name, process in by_name(Feed()).items() if not process.nice}
    assert first == {"exchange", "ingest-binance", "process-validate", "gateway"}
    sums_up = {process.nice for name, process in by_name(Feed()).items() if name not in first and name.startswith("process-")}
    stores = {process.nice for name, process in by_name(Feed()).items() if name.startswith("sink-")}
    assert max(sums_up) < min(stores)


def test_the_simulated_feed_is_a_source_of_its_own_with_the_captures_clock() -> None:
    environment = by_name(Feed())["ingest-binance"].environment
    assert environment["TICKERPLANT_BINANCE__SOURCE"] == SIMULATED_SOURCE
    assert environment["TICKERPLANT_BINANCE__CLOCK"] == "capture"
    assert environment["TICKERPLANT_BINANCE__WEBSOCKET_URL"] == "ws://127.0.0.1:25000"


def test_the_live_feed_keeps_the_providers_addresses() -> None:
    environment = by_name(Feed("live", ("SOL-USDT",)))["ingest-binance"].environment
    assert json.loads(environment["TICKERPLANT_BINANCE__SYMBOLS"]) == ["SOL-USDT"]
    assert not any("URL" in name or "SOURCE" in name for name in environment)


def test_several_live_providers_start_together_with_their_own_symbols_or_those_that_are_named() -> None:
    feed = Feed("live", providers=("kraken", "twelve-data-rest", "csv-drop"))
    assert [process.name for process in start_groups(SETTINGS, feed, 0)[1]] == [
        "ingest-kraken",
        "ingest-twelve-data-rest",
        "ingest-csv-drop",
    ]
    assert all(not process.environment for process in start_groups(SETTINGS, feed, 0)[1])
    named = by_name(Feed("live", ("AAPL",), providers=("polygon", "twelve-data-rest")))
    assert dict(named["ingest-twelve-data-rest"].environment) == {"TICKERPLANT_PROVIDERS__TWELVE_DATA_REST__SYMBOLS": '["AAPL"]'}
    assert dict(named["ingest-polygon"].environment) == {"TICKERPLANT_PROVIDERS__POLYGON__SYMBOLS": '["AAPL"]'}


def test_a_providers_symbols_are_spread_over_processes_beside_each_other() -> None:
    feed = Feed("live", ("BTC-USDT", "ETH-USDT"), providers=("binance", "kraken"), processes={"binance": 2, "kraken": 1})
    started = start_groups(SETTINGS, feed, 0)[1]
    assert [(process.name, process.arguments) for process in started] == [
        ("ingest-binance-1of2", ("ingest", "binance", "--shard", "1/2")),
        ("ingest-binance-2of2", ("ingest", "binance", "--shard", "2/2")),
        ("ingest-kraken", ("ingest", "kraken")),
    ]
    assert started[0].environment == started[1].environment == {"TICKERPLANT_BINANCE__SYMBOLS": '["BTC-USDT", "ETH-USDT"]'}
    assert {stop_name(process.name) for process in started} == {"ingest"}


def test_up_takes_a_number_of_processes_with_a_provider() -> None:
    settings = load_settings()
    assert stack._live_processes(settings, "binance/2, kraken,yahoo/1") == {"binance": 2, "kraken": 1, "yahoo": 1}
    for live, said in (
        ("binance/0", "'binance/0' does not say how many processes; write it as binance/2"),
        ("binance/x", "does not say how many"),
        ("binance/", "does not say how many"),
        ("binance/5", "5 processes of one provider are more than the 4 partitions"),
        ("csv-drop/2", "takes files"),
        ("nyse/2", "no provider 'nyse'"),
        ("binance,binance/2", "binance is named twice"),
    ):
        with pytest.raises(UserError, match=said):
            stack._live_processes(settings, live)


def test_symbols_reach_the_exchange_and_the_ingestor() -> None:
    processes = by_name(Feed(symbols=("BTC-USDT", "SOL-USDT"), speed="5"))
    words = processes["exchange"].arguments
    assert words[words.index("--symbols") + 1] == "BTC-USDT,SOL-USDT"
    assert words[words.index("--speed") + 1] == "5"


def test_everything_that_starts_has_its_place_in_the_stop_order() -> None:
    placed = [name for group in STOP_ORDER for name in group]
    assert len(set(placed)) == len(placed)
    assert set(map(stop_name, by_name(Feed()))) <= set(placed)
    assert set(map(stop_name, by_name(Feed("live", providers=("kraken", "yahoo"))))) <= set(placed)
