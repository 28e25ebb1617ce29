"""Bars and prices on request, from the first provider that answers: Yahoo, FMP, Alpha Vantage, Tiingo, then what was kept of an earlier answer, then an error that
says what was wrong with each."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from ingestors.bar_history import BarHistory, bar_history_of
from ingestors.breaker import Breaker, BreakerChange, Rules
from runtime import metrics
from runtime.clock import Clock
from runtime.errors import TransientError, UserError
from runtime.logs import get_logger
from runtime.settings import Settings
from schemas.bars import ProviderBar
from schemas.timeframes import DAY_NS, Timeframe

CHAIN = ("yahoo", "fmp", "alpha-vantage", "tiingo-rest")
_CODES = {"closed": 0, "half_open": 1, "open": 2}
_PRICE_SPAN_NS = 7 * DAY_NS  # over a long weekend there is no newer bar
log = get_logger()
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Attempt:
    """A provider that gave no answer, and why."""

    provider: str
    why: str


@dataclass(frozen=True, slots=True)
class Bars:
    """Closed bars, ascending, all of one provider. cached: they are those of an earlier answer. passed_over: who was asked before, in order."""

    provider: str
    bars: list[ProviderBar]
    cached: bool
    passed_over: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class Price:
    """The close of the newest bar: decimal text, and when the bar ended."""

    provider: str
    symbol: str
    price: str
    ts_event_ns: int
    cached: bool
    passed_over: tuple[Attempt, ...]


class NoAnswer(TransientError):
    """Nobody could answer, and nothing is kept. attempts: what was wrong with each, in order."""

    def __init__(self, question: str, attempts: Sequence[Attempt]) -> None:
        super().__init__(f"no {question}: " + "; ".join(f"{one.provider}: {one.why}" for one in attempts))
        self.attempts = tuple(attempts)


class Kept(Protocol):
    """Earlier answers, by what was asked. Both may wait a little, and raise nothing."""

    async def get(self, symbol: str, timeframe: Timeframe, from_ns: int, to_ns: int) -> tuple[str, list[ProviderBar]] | None: ...

    async def put(self, provider: str, symbol: str, timeframe: Timeframe, from_ns: int, to_ns: int, bars: list[ProviderBar]) -> None: ...


class NothingKept:
    """Where there is no cache."""

    async def get(self, symbol: str, timeframe: Timeframe, from_ns: int, to_ns: int) -> None:
        return None

    async def put(self, provider: str, symbol: str, timeframe: Timeframe, from_ns: int, to_ns: int, bars: list[ProviderBar]) -> None:
        return


class Fallback:
    """Asks one provider after the other. Use it from one event loop; `close` ends the providers.

    providers: in the order in which they are asked; a text in the place of one says why it cannot be asked at all (its key is missing). timeout_s: of each of
    them, limits and attempts included, so a question takes timeout_s times their number at most.
    """

    def __init__(
        self,
        providers: Mapping[str, BarHistory | str],
        clock: Clock,
        kept: Kept | None = None,
        *,
        rules: Rules | None = None,
        timeout_s: float = 10.0,
        on_change: Callable[[BreakerChange], None] = lambda change: None,
    ) -> None:
        self._providers = providers
        self._clock = clock
        self._kept = kept or NothingKept()
        self._timeout_s = timeout_s
        self._tell = on_change
        self.breakers = {name: Breaker(name, rules or Rules(), self._changed) for name in providers}
        for name in providers:
            metrics.BREAKER_STATE.labels(name).set(_CODES["closed"])

    async def bars(self, symbol: str, timeframe: Timeframe, from_ns: int, to_ns: int) -> Bars:
        """The closed bars of a time, from_ns <= ts_open_ns < to_ns. Raises NoAnswer."""
        attempts: list[Attempt] = []
        for name, provider in self._providers.items():
            found = await self._ask(name, provider, attempts, lambda one: self._all(one, symbol, timeframe, from_ns, to_ns))
            if found:
                await self._kept.put(name, symbol, timeframe, from_ns, to_ns, found)
                return Bars(name, found, False, tuple(attempts))
        kept = await self._kept.get(symbol, timeframe, from_ns, to_ns)
        if kept is not None:
            return Bars(*kept, True, tuple(attempts))
        raise NoAnswer(f"{timeframe} bars of {symbol}", [*attempts, Attempt("cache", "nothing is kept")])

    async def price(self, symbol: str) -> Price:
        """The newest price that a minute's bar tells, of the last week. Raises NoAnswer."""
        now_ns = self._clock.now_ns()
        today_ns = now_ns - now_ns % DAY_NS  # so that the answer of before is found again
        found = await self.bars(symbol, Timeframe.M1, today_ns - _PRICE_SPAN_NS, today_ns + DAY_NS)
        newest = found.bars[-1]
        return Price(found.provider, symbol, newest.close, newest.ts_close_ns, found.cached, found.passed_over)

    async def close(self) -> None:
        """Ends what the providers hold open."""
        for provider in self._providers.values():
            if isinstance(provider, BarHistory):
                await provider.close()

    async def _ask(
        self, name: str, provider: BarHistory | str, attempts: list[Attempt], question: Callable[[BarHistory], Awaitable[T]]
    ) -> T | None:
        """The provider's answer; None where there is none, with the reason added to attempts. An empty answer is none: another may have more."""
        if isinstance(provider, str):
            attempts.append(Attempt(name, provider))
            return None
        breaker = self.breakers[name]
        if not breaker.admits(self._clock.monotonic_s()):
            attempts.append(Attempt(name, f"not asked, it failed too often; again in {breaker.left_s(self._clock.monotonic_s()):.0f} s"))
            return None
        why = "an empty answer"
        try:
            answer = await asyncio.wait_for(question(provider), self._timeout_s)
        except UserError as error:  # it answers, and does not have what is asked for
            breaker.given_up()
            why = str(error)
        except (TransientError, TimeoutError) as error:
            breaker.failed(self._clock.monotonic_s())
            why = str(error) or f"no answer within {self._timeout_s:g} s"
        except BaseException:
            breaker.given_up()
            raise
        else:
            breaker.succeeded(self._clock.monotonic_s())
            if answer:
                metrics.FALLBACK_ANSWERS.labels(name, "answered").inc()
                return answer
        metrics.FALLBACK_ANSWERS.labels(name, "passed_over").inc()
        attempts.append(Attempt(name, why))
        return None

    @staticmethod
    async def _all(provider: BarHistory, symbol: str, timeframe: Timeframe, from_ns: int, to_ns: int) -> list[ProviderBar]:
        """Page by page."""
        bars: list[ProviderBar] = []
        next_ns: int | None = from_ns
        while next_ns is not None:
            page = await provider.bars(symbol, timeframe, next_ns, to_ns)
            bars += page.bars
            next_ns = page.next_ns
        return bars

    def _changed(self, change: BreakerChange) -> None:
        metrics.BREAKER_STATE.labels(change.name).set(_CODES[change.state])
        metrics.BREAKER_CHANGES.labels(change.name, change.state).inc()
        log.warning("breaker_changed", provider=change.name, before=change.before, state=change.state, failures=change.failures)
        self._tell(change)


def fallback_of(settings: Settings, clock: Clock, kept: Kept | None = None, names: Sequence[str] = CHAIN) -> Fallback:
    """The chain with the providers of the settings. One whose key is missing stands in it with that reason."""
    return Fallback({name: _provider(name, settings, clock) for name in names}, clock, kept)


def _provider(name: str, settings: Settings, clock: Clock) -> BarHistory | str:
    try:
        return bar_history_of(name, settings, clock)
    except UserError as error:
        return str(error)
