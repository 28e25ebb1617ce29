"""From what a user wrote to a backfill that runs, or that is only told."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager

from ingestors.limits.gates import shared_gates
from ingestors.registry import provider_of
from runtime.clock import Clock
from runtime.errors import UserError
from runtime.settings import Settings
from schemas.symbols import SYMBOL
from schemas.timeframes import DAY_NS, Timeframe
from tickerplant.backfill.ask import Ask, Window, whole_bars
from tickerplant.backfill.past import Past, gives_trades, past_of
from tickerplant.backfill.shelf import Shelf
from tickerplant.importing.run import log_of
from tickerplant.sources import section_of

_MOST_SYMBOLS = 5_000


def timeframe_of(provider: str, text: str, settings: Settings) -> Timeframe | None:
    """None for trades: what is not told is trades where the provider has them, else bars of a day. Raises UserError."""
    if not text:
        return None if gives_trades(provider, settings) else Timeframe.D1
    try:
        return Timeframe(text)
    except ValueError:
        raise UserError(f"--timeframe {text}: there is no such timeframe; there are {', '.join(Timeframe)}") from None


def ask_of(
    provider: str, symbols: Sequence[str], timeframe: Timeframe | None, span: Window, source: str, settings: Settings, clock: Clock
) -> Callable[[Past], Ask]:
    """symbols: none for those of the settings. Raises UserError for what cannot be asked for."""
    provider_of(provider)
    wanted = tuple(sorted(set(symbols or section_of(settings, provider).symbols)))
    wrong = [symbol for symbol in wanted if not SYMBOL.fullmatch(symbol)]
    if wrong or not 1 <= len(wanted) <= _MOST_SYMBOLS:
        raise UserError(f"--symbols {wrong[0] if wrong else ''}: write them as BTC-USD,ETH-USD")
    if span.to_ns > clock.now_ns():
        raise UserError("--to lies in the future; leave it out, or give a time that has passed")
    whole = whole_bars(timeframe, span)
    if not whole.from_ns < whole.to_ns:
        raise UserError("nothing lies between --from and --to" + (f": no {timeframe} bar is over by then" if timeframe else ""))
    return lambda past: Ask(provider, source or past.source, wanted, timeframe, whole)


def last_midnight(clock: Clock) -> int:
    """UTC: the end of a backfill that names none, so that the same command means the same for a day."""
    return clock.now_ns() // DAY_NS * DAY_NS


def plan(
    ask: Ask, past: Past, runner: asyncio.Runner, settings: Settings, kafka: str | None
) -> tuple[dict[str, tuple[int, int]], dict[str, int]]:
    """(rows and questions, windows that are done) by symbol. kafka: None where there is no stack, and so nothing done."""
    runner.run(past.resolve(ask.symbols))
    expected = {symbol: runner.run(past.expected(symbol, ask.span)) for symbol in ask.symbols}
    shelf = Shelf(settings.data_dir, ask, log_of(settings, kafka)) if kafka else None
    windows = ask.windows()
    done = {symbol: sum(shelf.done(window, symbol) is not None for window in windows) if shelf else 0 for symbol in ask.symbols}
    return expected, done


@contextmanager
def opened(
    make_ask: Callable[[Past], Ask], provider: str, timeframe: Timeframe | None, source: str, settings: Settings, clock: Clock
) -> Iterator[tuple[Ask, Past, asyncio.Runner]]:
    """The provider's past, and the loop in which it lives; its limits are shared with the ingestors. Raises UserError for what it does not give."""
    with asyncio.Runner() as runner:
        open_things = AsyncExitStack()
        try:
            runner.run(open_things.enter_async_context(shared_gates(settings, clock)))  # before there is a client
            past = past_of(provider, timeframe, source, settings, clock)
            open_things.push_async_callback(past.close)
            ask = make_ask(past)
            past.check(ask.span.from_ns, clock.now_ns())
            yield ask, past, runner
        finally:
            runner.run(open_things.aclose())
