"""How a backfill speaks while it runs: a bar of progress on a terminal, elsewhere a plain line now and then."""

from rich.console import Console

from runtime.clock import Clock
from tickerplant.backfill.ask import Ask, Window
from tickerplant.importing.findings import shown
from tickerplant.importing.passed import Tell

_EVERY_S = 5.0  # lines in a log
_REDRAW_S = 0.1


class Progress:
    """tell: prints one line, over the one before on a terminal."""

    def __init__(self, ask: Ask, tell: Tell, clock: Clock) -> None:
        self._ask = ask
        self._tell = tell
        self._clock = clock
        self._every_s = _REDRAW_S if Console(stderr=True).is_terminal else _EVERY_S
        self._next_s = 0.0
        self._last = ""

    def fetched(self, window: Window, symbol: str, rows: int, reached_ns: int) -> None:
        """Of one symbol's window."""
        symbols = self._ask.symbols
        part = (symbols.index(symbol) + _share(window, reached_ns)) / len(symbols)
        done_ns = window.from_ns - self._ask.span.from_ns + part * (window.to_ns - window.from_ns)
        share = done_ns / max(self._ask.span.to_ns - self._ask.span.from_ns, 1)
        text = f"|{'#' * int(share * 20):<20}| {share:4.0%} {symbol} fetched up to {shown(reached_ns)[:19]}, {rows:,} {self._ask.kind}"
        self.say(text)

    def say(self, text: str) -> None:
        """Now and then; the last one in any case, see `end`."""
        self._last = text
        if self._clock.monotonic_s() >= self._next_s:
            self.end()

    def end(self) -> None:
        """What was said last is shown."""
        if self._last:
            self._tell(self._last)
        self._last = ""
        self._next_s = self._clock.monotonic_s() + self._every_s


def _share(window: Window, reached_ns: int) -> float:
    return min(max((reached_ns - window.from_ns) / max(window.to_ns - window.from_ns, 1), 0.0), 1.0)
