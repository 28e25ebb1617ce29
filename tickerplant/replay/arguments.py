"""What the commands around the exchange server are told, checked. All raise UserError with what to write instead."""

from collections.abc import Callable
from datetime import UTC, datetime

from ingestors.exchange_server.capture import Contents
from ingestors.exchange_server.pace import CatchUpPace, MaxPace, Pace, TimelinePace
from runtime.clock import Clock
from runtime.errors import UserError

MakePace = Callable[[Clock], Pace]
STREAMS = ("trade", "bookTicker", "depth@100ms", "kline_1m")
_UNITS_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def pace_of(speed: str) -> MakePace:
    """`max`, or a number: times the capture's own time."""
    if speed == "max":
        return lambda clock: MaxPace()
    try:
        factor = float(speed)
    except ValueError:
        factor = 0.0
    if not 0.001 <= factor <= 100_000:
        raise UserError(f"--speed {speed}: give a number from 0.001 to 100000 (1: as recorded) or `max`")
    return lambda clock: TimelinePace(factor, clock)


def live_pace_of(speed: str) -> MakePace:
    """The same for a feed that goes on for ever: at 1 its history comes as fast as it is read, and then it keeps to the real clock."""
    return CatchUpPace if speed in ("1", "1.0") else pace_of(speed)


def symbols_of(text: str) -> tuple[str, ...]:
    """`BTC-USDT,ETH-USDT` as canonical symbols, each once."""
    symbols = tuple(dict.fromkeys(part.strip().upper() for part in text.split(",") if part.strip()))
    wrong = [symbol for symbol in symbols if len(symbol.split("-")) != 2 or not all(part.isalnum() for part in symbol.split("-"))]
    if wrong or not symbols:
        raise UserError(f"--symbols {text}: write symbols as BASE-QUOTE with commas between, such as BTC-USDT,ETH-USDT")
    return symbols


def seconds_of(text: str) -> int:
    """`90s`, `45m`, `3h`, `2d` in seconds."""
    number, unit = text[:-1], text[-1:]
    if unit not in _UNITS_S or not number.isdigit() or not int(number):
        raise UserError(f"--length {text}: give a whole number and a unit, such as 90s, 45m, 3h or 2d")
    return int(number) * _UNITS_S[unit]


def start_of(text: str) -> int:
    """An ISO time in seconds since 1970, UTC where it names no zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UserError(f"--start {text}: give a time such as 2024-08-09T00:00:00Z") from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def subscribed(contents: Contents) -> tuple[str, ...]:
    """The streams of a capture that the ingestor knows; frames of others are not sent to it, as at the exchange."""
    known = tuple(name for name in STREAMS if name in contents.stream_names())
    if not known:
        raise UserError(
            f"the capture has no stream that is known; it has {', '.join(contents.stream_names()) or 'none'}; known: {', '.join(STREAMS)}"
        )
    return known
