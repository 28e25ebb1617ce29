"""Numbers that hold beyond a day: the provider's own begin anew with each. Pure."""

_DAY_MS = 86_400_000
_BEHIND_MS = 5 * 3_600_000  # five hours behind UTC a trading day of New York (04:00 to 20:00) never crosses midnight, in summer or winter
_QUOTES_A_DAY = 10**11


def trading_day(time_ms: int) -> int:
    """A number that grows by one a day."""
    return (time_ms - _BEHIND_MS) // _DAY_MS


def trade_id(time_ms: int, exchange: int, facility: int, number: str) -> str:
    """The same from the stream and over REST: the provider's id is unique for a ticker, an exchange and a reporting facility on one day."""
    return f"{trading_day(time_ms)}-{exchange}-{facility}-{number}"


def quote_number(time_ms: int, sequence: int) -> int:
    """Grows with a ticker's quotes, also over the days."""
    return max(0, trading_day(time_ms)) * _QUOTES_A_DAY + sequence
