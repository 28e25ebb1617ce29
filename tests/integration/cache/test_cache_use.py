"""The cache library's mistakes are told in one line, and its command shows, counts and invalidates."""

import json
from pathlib import Path
from typing import Any

import pytest

from cache import Cache
from runtime.errors import UserError
from runtime.settings import load_settings
from tests.redis_world import OwnRedis, OwnSink
from tests.sink_events import T0_NS, trade
from tests.support import run_tickerplant


def test_mistakes_are_one_line(make_cache: Any, server: OwnRedis, tmp_path: Path) -> None:
    cache = make_cache(maximum_value_bytes=1024)
    for words, expected in (
        (("quotes", "AAPL"), "there is no kind quotes"),
        (("profile",), "made of symbol"),
        (("profile", "A" * 300), "1 to 200"),
    ):
        with pytest.raises(UserError, match=expected):
            cache.get(*words)
    for kind, given, expected in (
        ("quote", 1, "written by sink-redis"),
        ("profile", "x" * 2000, "maximum_value_bytes"),
        ("profile", object(), "cannot be written as JSON"),
    ):
        with pytest.raises(UserError, match=expected):
            cache.set(kind, "AAPL", value=given)
    with pytest.raises(UserError, match="which the sink writes"):
        make_cache(lifetimes_s={"bar": 5})
    with pytest.raises(UserError, match="no address for redis"):
        Cache(settings=load_settings(data_dir=tmp_path / "none"))
    with server.raw() as raw:
        raw.set("profile:AAPL", b"another's")
        raw.lpush("profile:MSFT", 1)
    assert cache.get("profile", "AAPL") is None
    with pytest.raises(UserError, match="WRONGTYPE"):
        cache.get("profile", "MSFT")
    with pytest.raises(UserError, match="Redis refuses"), Cache(server.url.replace("secret", "wrong")) as refused:
        refused.get("indices")


def test_the_command_shows_counts_and_invalidates(make_cache: Any, server: OwnRedis, tmp_path: Path) -> None:
    sink = OwnSink(server.url)
    sink.write(trade(5))
    make_cache().set("profile", "BTC-USDT", value={"name": "Bitcoin"}, ts_event_ns=T0_NS)

    def command(*words: str) -> tuple[int, str]:
        env = {"TICKERPLANT_REDIS__URL": server.url, "TICKERPLANT_DATA_DIR": str(tmp_path)}
        done = run_tickerplant("cache", *words, env=env)
        return done.returncode, done.stdout or done.stderr

    code, text = command("show", "BTC-USDT", "--json")
    shown = json.loads(text)
    assert (code, sorted(shown)) == (0, ["profile:BTC-USDT", "quote:BTC-USDT"])
    assert shown["quote:BTC-USDT"]["value"]["price"] == trade(5).price
    assert json.loads(command("stats", "--json")[1])["keys"] == 6  # two values with their guards, the index, the set of symbols
    assert "profile:BTC-USDT  2024-08-08T23:58:00Z" in command("show", "BTC-USDT")[1]
    assert command("invalidate", "BTC-USDT") == (0, "2 values of BTC-USDT removed\n")
    assert command("show", "BTC-USDT")[0] == 2
    server.kill()
    assert command("stats") == (2, "tickerplant: Redis does not answer; start it, or look at redis.url\n")
    sink.close()
