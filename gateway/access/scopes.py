"""What may be subscribed to: patterns of channel and symbol, as `ticks:BTC-*`. Pure.

A ceiling is a set of patterns; a subscription has to stay below every ceiling of its client, so one more rule never allows more.
"""

from collections.abc import Iterable
from typing import NamedTuple

ANY = "*"


class Pattern(NamedTuple):
    """channel: a name or `*`; symbol: a name, `*`, or a beginning with `*` behind it."""

    channel: str
    symbol: str

    @classmethod
    def of(cls, text: str) -> "Pattern":
        """`signals` is `signals:*`; `signals:`, where a symbol was left out, covers nothing."""
        channel, colon, symbol = text.partition(":")
        return cls(channel, symbol if colon else ANY)

    def covers(self, channel: str, symbol: str) -> bool:
        """symbol `*`, a wildcard subscription, is covered by `*` alone."""
        if self.channel not in (ANY, channel):
            return False
        if self.symbol.endswith(ANY) and symbol != ANY:
            return symbol.startswith(self.symbol[:-1])
        return self.symbol == symbol


Ceiling = tuple[Pattern, ...]


def ceiling(texts: Iterable[str]) -> Ceiling:
    """Words that are no pattern of ours, as other services' scopes in the same token, cover nothing."""
    return tuple(Pattern.of(text) for text in texts)


def refused(ceilings: Iterable[Ceiling], channel: str, symbols: Iterable[str]) -> str | None:
    """The first of the symbols that some ceiling does not cover on the channel; None if all may be had."""
    every = tuple(ceilings)
    for symbol in symbols:
        for patterns in every:
            if not any(pattern.covers(channel, symbol) for pattern in patterns):
                return symbol
    return None
