"""All that a polled source asks for, again and again: what is due is begun, as much at a time as the settings allow."""

import asyncio
from collections.abc import Callable, Collection

from ingestors.polling.asker import Asker
from ingestors.polling.timetable import Job
from ingestors.polling.venue import PollVenue
from runtime.clock import Clock


class Questions:
    """on_answer: called when one ends. jobs: what is asked for; asking: that of which an answer is awaited."""

    def __init__(self, venue: PollVenue, clock: Clock, on_answer: Callable[[], None]) -> None:
        self._venue = venue
        self._clock = clock
        self._on_answer = on_answer
        self.jobs: list[Job] = []
        self.asking: dict[Job, asyncio.Task[None]] = {}

    def set_symbols(self, symbols: Collection[str]) -> None:
        """From now on these. What is known of their bars stays; ticks are asked for in other groups."""
        kept = [job for job in self.jobs if job.timeframe is not None and set(job.symbols) <= set(symbols)]
        for job in [job for job in self.asking if job not in kept]:
            self.asking.pop(job).cancel()
        known = {(job.symbols, job.timeframe) for job in kept}
        self.jobs = [*kept, *(job for job in self._all(symbols) if (job.symbols, job.timeframe) not in known)]

    def _all(self, symbols: Collection[str]) -> list[Job]:
        now_ns, at_once, told = self._clock.now_ns(), self._venue.symbols_per_call, sorted(filter(self._venue.has_ticks, symbols))
        ticks = [Job(tuple(told[at : at + at_once]), None, now_ns) for at in range(0, len(told), at_once)] if at_once else []
        return ticks + [Job((one,), timeframe, now_ns) for timeframe in self._venue.settings.timeframes for one in sorted(symbols)]

    def begin(self, asker: Asker) -> None:
        """What is due, the longest due first."""
        now_ns = self._clock.now_ns()
        due = sorted((job for job in self.jobs if job.due_ns <= now_ns and job not in self.asking), key=lambda job: job.due_ns)
        for job in due[: self._venue.settings.parallel_calls - len(self.asking)]:
            task = self.asking[job] = asyncio.ensure_future(asker.ask(job))
            task.add_done_callback(lambda _: self._on_answer())

    def reap(self) -> None:
        """Takes those away that have ended. Raises what ended a question."""
        for job in [job for job, task in self.asking.items() if task.done()]:
            self.asking.pop(job).result()
            if job.split:
                self.jobs.remove(job)
                self.jobs += [Job((symbol,), None, self._clock.now_ns()) for symbol in job.symbols]

    def cancel(self) -> None:
        """Gives up what is on its way."""
        for task in self.asking.values():
            task.cancel()

    async def end(self) -> None:
        """The same, and waits for it: what was published is whole, the rest is asked for after the next start."""
        self.cancel()
        await asyncio.gather(*self.asking.values(), return_exceptions=True)
        self.asking.clear()
