"""Recordings to replay, made before the clock runs: generated prices in the provider's own frames, so that only the line is measured."""

from pathlib import Path

from ingestors.exchange_server.generator import Generated, Generator

_START_S = 1_704_067_200  # 2024-01-01
TRADES_PER_S = 125.0  # of each symbol, and as many quotes: 250 ticks

# Each part of the benchmark has symbols of its own: trades that were seen before would be dropped as duplicates.
WARM_UP = tuple(f"W{number:02}-USDT" for number in range(20))
MEASURED = ("BTC-USDT", "ETH-USDT", "SOL-USDT", "BNB-USDT", *(f"M{number:02}-USDT" for number in range(16)))
LIVE = (("LTC-USDT", "UNI-USDT", "ETC-USDT", "FIL-USDT"), ("EOS-USDT", "XLM-USDT", "NEO-USDT", "ZEC-USDT"))
TICKS_PER_S = round(2 * TRADES_PER_S * len(MEASURED))


def write_capture(path: Path, symbols: tuple[str, ...], seconds: int) -> Path:
    """`seconds` of event time, 250 ticks a second of each symbol, as `<receive time, ns> <frame>` a line."""
    generator = Generator(Generated(symbols, seed=7, start_s=_START_S, length_s=seconds, trades_per_s=TRADES_PER_S))
    with path.open("wb", buffering=1 << 20) as file:
        file.writelines(b"%d %b\n" % (frame.ts_ns, frame.payload) for frame in generator.frames())
    return path
