"""One import: read, send, wait until the line has taken it in. A run that was ended is continued by the same command."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from processors.bars.policy import Policies
from runtime.addresses import Addresses
from runtime.clock import Clock
from runtime.errors import TransientError
from runtime.settings import Settings
from schemas.topics import Topic
from sinks.timescale.log_identity import identify
from tickerplant.importing import letters
from tickerplant.importing.findings import Findings
from tickerplant.importing.ledger import Ledger, Progress
from tickerplant.importing.pace import Pace
from tickerplant.importing.passed import wait_until_passed
from tickerplant.importing.reading import Survey
from tickerplant.importing.send import Sender
from tickerplant.importing.sifting import Sifting
from tickerplant.importing.stored import Stored, new_rows
from tickerplant.importing.stream import Stream
from tickerplant.importing.walk import Walk
from tickerplant.replay.offsets import Offsets


@dataclass(slots=True)
class Outcome:
    """was_done: an earlier run sent everything. resumed: rows that earlier runs delivered. duplicates: ticks of this run that the line had seen before.

    left: records that a reader did not take in time. new: rows by table; stored: by series now.
    """

    findings: Findings
    was_done: bool = False
    resumed: int = 0
    duplicates: int = 0
    left: dict[str, int] = field(default_factory=dict)
    new: dict[str, int] = field(default_factory=dict)
    stored: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0


class Job:
    """An import into a running line. Everything blocks and raises UserError, TransientError or FatalError."""

    def __init__(self, walk: Walk, settings: Settings, addresses: Addresses, clock: Clock, timeout_s: float) -> None:
        self._walk = walk
        self._settings = settings
        self._addresses = addresses
        self._clock = clock
        self._timeout_s = timeout_s
        self._offsets = Offsets(settings.kafka, addresses.kafka, addresses.postgres)
        self._ledger = Ledger(settings.data_dir / "imports", walk.name())
        self._findings = Findings()
        self._before: dict[str, dict[str, int]] = {}

    def run(self) -> Outcome:
        started_s = self._clock.monotonic_s()
        self._wait("before the import, the line")
        kafka, bootstrap = self._settings.kafka, self._addresses.kafka
        progress = self._ledger.read(self._walk.labels(), log_of(self._settings, self._addresses.kafka))
        outcome = Outcome(self._findings, progress.done, progress.events)
        surveys = self._walk.surveys()
        since, stored = letters.ends(kafka, bootstrap), Stored(self._addresses.postgres)
        try:
            range_ns = _range_of(surveys)
            self._before = stored.counts(progress.sources if progress.done else [], *range_ns)
            if not progress.done:
                self._send(surveys, progress, stored)
            outcome.left = wait_until_passed(self._offsets, self._clock, self._timeout_s, self._walk.tell)
            after = stored.counts(progress.sources, *range_ns)
        finally:
            stored.close()
        unreadable = self._findings.refused.total()
        letters.take(kafka, bootstrap, since, progress.sources, self._findings)
        outcome.new, outcome.stored = new_rows(self._before, after), after["bars"] | after["ticks"]
        if self._walk.recipe.columns.kind != "bars" and not outcome.left:
            refused = self._findings.refused.total() - unreadable
            outcome.duplicates = max(self._findings.sent - outcome.new["ticks"] - refused, 0)
        outcome.seconds = self._clock.monotonic_s() - started_s
        return outcome

    def _wait(self, who: str) -> None:
        left = wait_until_passed(self._offsets, self._clock, self._timeout_s, self._walk.tell)
        if left:
            behind = ", ".join(f"{name} {records}" for name, records in left.items())
            raise TransientError(f"{who} takes nothing in ({behind} records left); are all stages and sinks up? See `tickerplant status`")

    def _send(self, surveys: Sequence[Survey], progress: Progress, stored: Stored) -> None:
        settings, walk = self._settings, self._walk
        sender = Sender(settings, self._addresses.kafka, self._clock, walk.recipe.options.contiguous)
        pace = Pace(self._offsets, self._clock, settings.ingest.import_waiting, self._timeout_s, walk.tell)
        range_ns = _range_of(surveys)
        policies = Policies.from_settings(settings.process)
        completed = self._ledger.completed(progress.log)
        sifting = Sifting(
            progress, stored, self._findings, policies, range_ns[0], lambda source: self._meet(source, stored, range_ns), completed
        )
        stream = Stream(sender, pace, sifting, self._ledger, progress, self._findings, walk)
        stream.send_all(walk.items(surveys), self._clock)

    def _meet(self, source: str, stored: Stored, range_ns: tuple[int, int]) -> None:
        """Before its first event of this run is sent."""
        self._walk.check(source)
        for table, rows in stored.counts([source], *range_ns).items():
            self._before[table] |= rows


def _range_of(surveys: Sequence[Survey]) -> tuple[int, int]:
    """Event times of all files; (0, 0) without any."""
    known = [one for one in surveys if one.first_ns >= 0]
    return min((one.first_ns for one in known), default=0), max((one.last_ns for one in known), default=0)


def log_of(settings: Settings, bootstrap: str) -> str:
    """Which Kafka log the positions of an import are about. Blocks; raises TransientError."""
    topics = (Topic.TICKS_RAW, Topic.BARS_RAW)
    log = identify(settings.kafka, bootstrap, topics)
    return " ".join((log.cluster_id, *(log.topic_ids[topic] for topic in topics)))
