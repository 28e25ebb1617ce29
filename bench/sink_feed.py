"""Topics that are full before a sink starts: ticks as validate writes them, and closed bars."""

from bench.own_line import OwnLine
from bench.stage_cores import START_NS
from bench.stage_speed import load, validate_run
from bench.tick_source import symbols_of
from bench.tick_writer import SOURCE
from schemas.bars import Bar
from schemas.codec import encode
from schemas.headers import IDENTITY
from schemas.identity import Identity
from schemas.partitioner import partition_of
from schemas.timeframes import MINUTE_NS
from schemas.topics import Topic

_ENVELOPE_TICKS = 100
_SYMBOLS = 400
_CORRECTED = 51  # every so many bars the one before it of its symbol comes again as its next revision; no divisor of _SYMBOLS, so that all have their turn


def load_ticks(line: OwnLine, ticks: int) -> int:
    """Raw ticks through the stage validate into market.ticks; returns how many."""
    made = load(line, _ENVELOPE_TICKS, ticks)
    validate_run(line, made, records_of(line, Topic.TICKS_RAW))
    return made


def load_bars(line: OwnLine, bars: int) -> int:
    """Minute bars of 400 symbols, minute by minute, as bars are closed; returns how many records."""
    publisher, partitions = line.publisher(), line.kafka.partitions
    symbols = [(name, partition_of(name, partitions)) for name in symbols_of(_SYMBOLS, partitions, "S")]
    made = 0
    while made < bars:
        symbol, partition = symbols[made % _SYMBOLS]
        bar = bar_of(symbol, made // _SYMBOLS, made % _CORRECTED == 0)
        identity = Identity("bars", Topic.TICKS, partition, made, 0)
        publisher.send(Topic.BARS, partition, encode(bar), None, {IDENTITY: identity.encode()})
        made += 1
        if made % 1000 == 0:
            publisher.poll()
    publisher.flush()
    return made


def bar_of(symbol: str, minute: int, corrected: bool) -> Bar:
    """A corrected one is the minute before again, with a trade more."""
    at = max(0, minute - corrected)
    open_ns = START_NS + at * MINUTE_NS
    return Bar(
        symbol=symbol, source=SOURCE, timeframe="1m", ts_open_ns=open_ns, ts_close_ns=open_ns + MINUTE_NS,
        open="100.01", high="100.25", low="99.87", close=f"100.{at % 15 + 10}", volume="1234.5678", quote_volume="123456.789012345",
        vwap="100.0012345678", trade_count=1200 + corrected, kind="corrected" if corrected else "final", revision=int(corrected),
        quality=0.98 if corrected else 1.0, reasons=("late",) if corrected else (), known_at_ns=open_ns + MINUTE_NS + 1_000_000_000 + corrected,
    )  # fmt: skip


def records_of(line: OwnLine, topic: Topic) -> int:
    with line.ends(topic) as ends:
        return ends.count()
