"""Two implementations that share nothing must agree: the stages' cores, trade by trade, and verify, all at once, on whatever a feed may send."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.settings import ProcessSettings, QualitySettings, Settings
from schemas.ticks import Quote, Trade, Watermark
from schemas.timeframes import Timeframe, interval_of
from tests.verify_world import SHORT, START_NS, World, audit, envelope
from tickerplant.verify.intervals import interval

SECOND_NS = 1_000_000_000


@given(timeframe=st.sampled_from(list(Timeframe)), minute=st.integers(0, 120 * 525_960))
def test_intervals_agree(timeframe: Timeframe, minute: int) -> None:
    minute_ns = minute * 60 * SECOND_NS
    assert interval(timeframe.value, minute_ns) == interval_of(timeframe, minute_ns)


@st.composite
def feeds(draw: st.DrawFn) -> list[tuple[str, int, int, int, int, bool]]:
    """(kind, seconds of event time, id step, price, size, filled): mostly forward, sometimes late, sometimes repeated, sometimes with a hole."""
    step = st.tuples(
        st.sampled_from(["trade"] * 6 + ["quote", "watermark", "flush", "flush"]),
        st.sampled_from([0, 1, 5, 20, 61, 300, 3600, -2, -30, -100, -400]),
        st.sampled_from([1, 1, 1, 1, 1, 2, 5, -1, -3]),
        st.integers(-40, 60),
        st.integers(1, 5000),
        st.booleans(),
    )
    return draw(st.lists(step, min_size=1, max_size=120))


def _play(world: World, feed: list[tuple[str, int, int, int, int, bool]]) -> None:
    now_ns, trade_id, price, update_id = START_NS, 1000, 60_000, 1
    newest_ns = START_NS
    waiting: list[Trade | Quote] = []
    for kind, seconds, id_step, change, size, filled in feed:
        event_ns = max(START_NS, newest_ns + seconds * SECOND_NS)
        newest_ns = max(newest_ns, event_ns)
        now_ns = max(now_ns + 1, newest_ns - 1_270_000_000)  # the recorder's clock runs behind the venue's
        if kind == "trade":
            trade_id, price = trade_id + id_step, max(1, price + change)
            waiting.append(
                Trade("BTC-USDT", f"{price / 100:.2f}", f"{size / 10_000:.4f}", event_ns, now_ns, trade_id, "buy", filled and seconds < 0)
            )
        elif kind == "quote":
            update_id += id_step
            waiting.append(Quote("BTC-USDT", f"{price}.1", "1", f"{price + change}.1", "2", now_ns, now_ns, update_id, True))
        elif kind == "watermark":
            world.feed(envelope(waiting), _watermark(newest_ns + max(0, seconds) * SECOND_NS, now_ns))
            waiting = []
        else:
            world.feed(envelope(waiting))
            waiting = []
    world.feed(envelope(waiting))


def _watermark(ts_event_ns: int, now_ns: int) -> Watermark:
    """The venue's time may run ahead of the clock, but not so far that validate refuses it."""
    return Watermark("binance", 0, ts_event_ns, max(now_ns, ts_event_ns - 300 * SECOND_NS), 0)


@given(feed=feeds())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_stages_and_verify_agree(feed: list[tuple[str, int, int, int, int, bool]]) -> None:
    configured = Settings(process=SHORT)
    world = World(configured)
    _play(world, feed)
    report = audit(world.tables(), configured)
    assert [difference.sentence() for difference in report.differences] == []


JUMPS = st.sampled_from([0, 0, 0, 0, 1, -1, 7, -7, 400, -400, 3_000, -3_000])
SIZES = st.sampled_from(["0.0001", "0.0001", "0.0003", "0.05", "0.1", "0.3", "2", "70", "5000"])


@given(
    moves=st.lists(st.tuples(JUMPS, SIZES, st.sampled_from([1, 1, 1, 1, 1, -2])), min_size=40, max_size=90),
    scale=st.sampled_from([1, 100, 61_652]),
    sources=st.sampled_from([("binance",), ("binance", "binance-simulated")]),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_anomalies_agree(moves: list[tuple[int, str, int]], scale: int, sources: tuple[str, ...]) -> None:
    """Prices that stand still, creep, and jump; sizes of all magnitudes; some trades fetched later; one source, or two that disagree."""
    configured = Settings(process=ProcessSettings(**{**SHORT.model_dump(), "quality": QualitySettings(anomaly_window=16)}))
    world = World(configured)
    for number, (jump, size, step) in enumerate(moves):
        at_ns = START_NS + number * 200_000_000
        price = f"{scale + max(jump, -scale + 1) * scale / 40_000:.4f}"
        tick = Trade("BTC-USDT", price, size, at_ns, at_ns, 1_000 + number, "buy", step < 0)
        world.feed(envelope([tick], sources[jump % len(sources)]))
    report = audit(world.tables(), configured)
    assert [difference.sentence() for difference in report.differences] == []


@given(
    moves=st.lists(st.tuples(JUMPS, st.sampled_from([1, 1, 2, 5, 400, -1, 0]), SIZES, st.booleans()), min_size=120, max_size=240),
    scale=st.sampled_from([1, 100, 61_652]),
)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
)
def test_anomalies_of_quotes_agree(moves: list[tuple[int, int, str, bool]], scale: int) -> None:
    """Prices that stand still, creep, and jump; spreads that are narrow, wide, crossed and none; sides that are empty; trades between them."""
    configured = Settings(process=ProcessSettings(**{**SHORT.model_dump(), "quality": QualitySettings(anomaly_window=16, spread_factor=2)}))
    world = World(configured)
    ticks: list[Trade | Quote] = []
    for number, (jump, width, size, with_trade) in enumerate(moves * 6):
        at_ns = START_NS + number * 200_000_000
        middle = scale + max(jump, -scale + 1) * scale / 40_000
        half = width * scale / 20_000
        prices = (f"{max(middle - half, 0.0001):.4f}", f"{max(middle + half, 0.0001):.4f}")
        ticks.append(Quote("BTC-USDT", prices[0], "0", prices[1], size if jump != 7 else "0", at_ns, at_ns, 1_000 + number))
        if with_trade:
            ticks.append(Trade("BTC-USDT", f"{scale}", "1", at_ns, at_ns, 1_000 + number, "buy"))
    world.feed(envelope(ticks))
    report = audit(world.tables(), configured)
    assert [difference.sentence() for difference in report.differences] == []


@given(
    walk=st.lists(st.tuples(st.integers(-500, 500), st.sampled_from([1, 1, 1, 2, 7]), st.booleans()), min_size=20, max_size=60),
    resolution=st.sampled_from(["hierarchy", "conflict", "weighted"]),
    weights=st.tuples(st.sampled_from([0.0, 1.0, 2.5]), st.sampled_from([0.5, 1.0]), st.sampled_from([0.0, 1.0])),
    minimum_quality=st.sampled_from([0.5, 0.95, 1.0]),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_warm_signals_agree(
    walk: list[tuple[int, int, bool]], resolution: str, weights: tuple[float, float, float], minimum_quality: float
) -> None:
    """A trade a minute, some followed by a late one for the minute before; every way to decide."""
    given_weights = dict(zip(("macd", "rsi", "momentum"), weights, strict=True))
    changes = {"signal_resolution": resolution, "signal_weights": given_weights, "minimum_quality": minimum_quality}
    configured = Settings(process=ProcessSettings(**{**SHORT.model_dump(), **changes}))
    world = World(configured)
    price, minute, trade_id = 60_000.0, 0, 0
    for change, minutes, with_late in walk:
        minute, trade_id, price = minute + minutes, trade_id + 1, price * (1 + change / 10_000)
        at_ns = START_NS + minute * 60 * SECOND_NS + 5 * SECOND_NS
        ticks: list[Trade | Quote] = [Trade("BTC-USDT", f"{price:.2f}", "0.5", at_ns, at_ns, trade_id, "buy")]
        if with_late:
            trade_id += 1
            ticks.append(Trade("BTC-USDT", f"{price * 1.01:.2f}", "0.1", at_ns - 20 * SECOND_NS, at_ns, trade_id, "sell"))
        world.feed(envelope(ticks))
    report = audit(world.tables(), configured)
    assert [difference.sentence() for difference in report.differences] == []
    assert report.compared["technical_indicators"] > 0


def test_a_long_history_with_late_trades_agrees() -> None:
    """Warm indicators with the given periods, corrections near and behind the end of the history that the stage keeps."""
    configured = Settings()
    world = World(configured)
    trade_id = 0
    for minute in range(200):
        ticks: list[Trade | Quote] = []
        for second in (1, 20, 40):
            trade_id += 1
            at_ns = START_NS + (minute * 60 + second) * SECOND_NS
            price = 60_000 + (minute * 37 + second * 11) % 400 + minute
            ticks.append(Trade("BTC-USDT", str(price), f"0.{trade_id % 97 + 1:03}", at_ns, at_ns, trade_id, "sell"))
        if minute in (70, 120, 199):
            for back in (3, 30, 63, 64, 66, 69):
                trade_id += 1
                at_ns = START_NS + ((minute - back) * 60 + 30) * SECOND_NS
                ticks.append(Trade("BTC-USDT", "59000.5", "0.25", at_ns, ticks[2].ts_event_ns, trade_id, "buy"))
        world.feed(envelope(ticks))
    report = audit(world.tables(), configured)
    assert [difference.sentence() for difference in report.differences] == []
    assert report.compared["trading_signals"] > 200
    assert any("more than 64 bars late" in note for note in report.notes)


@given(feed=feeds())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_synthetic_bars_agree(feed: list[tuple[str, int, int, int, int, bool]]) -> None:
    world = World(Settings(process=SHORT.model_copy(update={"synthetic_bars": ("BTC-USDT",)})))
    _play(world, feed)
    report = audit(world.tables(), world.settings)
    assert [difference.sentence() for difference in report.differences] == []
