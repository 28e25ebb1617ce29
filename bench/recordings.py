"""Recorded traffic of venues, as frames with their times of receipt. The files lie outside the project; see docs/guides/measuring.md."""

import ast
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
SOCKETS = {
    "binance-altcoins": ("BINANCE.ws.1.0.gz",),
    "binance-us": ("BINANCE_US.ws.1.0.gz",),
    "coinbase": ("COINBASE.ws.28.0.gz",),
    "kraken-v1": ("KRAKEN.ws.48.0.gz", "KRAKEN.ws.49.0.gz", "KRAKEN.ws.50.0.gz"),
    "bitfinex": ("BITFINEX.ws.11.0.gz",),
    "kucoin": ("KUCOIN.ws.1.0.gz",),
    "htx": ("HUOBI.ws.44.0.gz",),
}
BINANCE = ("binance_spot_btcusdt_20240808.gz", "binance_spot_btcusdt_20240809.gz")


@dataclass(frozen=True, slots=True)
class Frame:
    """One message that was received. received_ns: the recorder's clock."""

    received_ns: int
    payload: bytes


def there() -> bool:
    return FOLDER.is_dir()


def frames(venue: str) -> Iterator[Frame]:
    """All that one of SOCKETS received, connection after connection."""
    for name in SOCKETS[venue]:
        yield from socket_frames(FOLDER / "cryptofeed" / name)


def socket_frames(path: Path) -> Iterator[Frame]:
    """Lines `t: message`, t in seconds; what the client sent, and where it connected to, is left out."""
    with gzip.open(path, "rt") as file:
        for line in file:
            stamp, _, message = line.rstrip("\n").partition(": ")
            if not message or stamp.startswith("wss://"):
                continue
            payload = ast.literal_eval(message) if message.startswith(("b'", 'b"')) else message.encode()
            yield Frame(round(float(stamp) * 1e6) * 1000, payload)


def answers(name: str) -> dict[str, bytes]:
    """REST bodies of a file, by address. Lines `url -> t: body`, with the answer's header behind it in some."""
    found = {}
    with gzip.open(FOLDER / "cryptofeed" / name, "rt") as file:
        for line in file:
            url, arrow, rest = line.rstrip("\n").partition(" -> ")
            if arrow:
                found[url] = rest.partition(": ")[2].partition(" header: ")[0].encode()
    return found


def binance_lines() -> Iterator[Frame]:
    """Eleven minutes of BTCUSDT: `<ns> <message>` a line, and once the REST snapshot of the book."""
    for name in BINANCE:
        with gzip.open(FOLDER / "hftbacktest" / name, "rb") as file:
            for line in file:
                stamp, _, payload = line.rstrip().partition(b" ")
                yield Frame(int(stamp), payload)
