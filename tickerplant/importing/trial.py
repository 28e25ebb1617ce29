"""A dry run: the rows through the stages' own cores, without Kafka and without what the line remembers."""

from itertools import islice
from typing import Any

from processors.bars.policy import Policies
from processors.bars.provider import ProviderBars
from processors.validate.core import ValidateCore
from processors.validate.limits import Limits
from runtime.errors import InvalidRecord
from runtime.settings import Settings
from runtime.stage import InputRecord, Output
from schemas.codec import decode_bar, decode_dead_letter, decode_gap, decode_ticks, encode
from schemas.reasons import Reason
from schemas.ticks import Quote, TickEnvelope, Trade
from schemas.topics import Topic
from tickerplant.importing.findings import Findings
from tickerplant.importing.numbering import Numbering
from tickerplant.importing.reading import Refused
from tickerplant.importing.send import ENVELOPE_TICKS
from tickerplant.importing.ticks import Event
from tickerplant.importing.walk import CHUNK_ROWS, Walk


class Trial:
    """Takes events in order; puts what would become of them into findings."""

    def __init__(self, settings: Settings, contiguous: bool, findings: Findings) -> None:
        process = settings.process
        self._validate = ValidateCore(Limits.of(process.quality, process.asset_classes))
        self._sources: set[str] = set()
        self._bars = ProviderBars("bars", self._sources, Policies.from_settings(process), process.history_bars)
        self._contiguous = contiguous
        self._findings = findings
        self._waiting: list[Trade | Quote] = []
        self._source = ""
        self._offset = 0
        self._numbering = Numbering()

    def take(self, event: Event) -> None:
        self._findings.sent += 1
        if event.bar is not None:
            self._sources.add(event.source)
            if not self._judge(self._bars, Topic.BARS_RAW, event.bar):
                self._findings.skipped[Reason.DUPLICATE.value] += 1
        elif event.tick is not None:
            if event.source != self._source or len(self._waiting) >= ENVELOPE_TICKS:
                self.end()
            self._source = event.source
            self._numbering.number(event.tick, event.source)
            self._waiting.append(event.tick)

    def end(self) -> None:
        """What waits for its envelope to be full."""
        ticks, self._waiting = self._waiting, []
        if ticks:
            kept = self._judge(self._validate, Topic.TICKS_RAW, TickEnvelope(self._source, 0, list(ticks), self._contiguous))
            repeated = len(ticks) - kept
            if repeated:
                self._findings.skipped[Reason.DUPLICATE.value] += repeated

    def _judge(self, core: ValidateCore | ProviderBars, topic: Topic, event: Any) -> int:
        """How many ticks or bars came out, as good or as a dead letter."""
        value = encode(event)
        self._offset += 1
        try:
            return sum([self._take(output) for output in core.apply(InputRecord(topic, 0, self._offset, None, value))])
        except InvalidRecord as error:
            self._findings.refuse(error.reason, f"{error.detail}: {value.decode()}")
            return 1

    def _take(self, output: Output) -> int:
        if output.topic is Topic.TICKS:
            record = decode_ticks(output.value)
            ticks = record.ticks if isinstance(record, TickEnvelope) else []
            for tick in ticks:
                self._findings.marked.update(tick.reasons)
            return len(ticks)
        if output.topic is Topic.BARS:
            self._findings.marked.update(decode_bar(output.value).reasons)
            return 1
        if output.topic is Topic.GAPS:
            self._findings.gaps += decode_gap(output.value).state == "open"
            return 0
        letter = decode_dead_letter(output.value)
        self._findings.refuse(letter.reason, f"{letter.error}: {letter.payload.decode(errors='replace')}")
        return 1


def try_out(walk: Walk, settings: Settings) -> Findings:
    """The dry run: nothing is sent, nothing is needed but the files."""
    findings = Findings()
    trial = Trial(settings, walk.recipe.options.contiguous, findings)
    items = walk.items(walk.surveys())
    while chunk := list(islice(items, CHUNK_ROWS)):
        for item in chunk:
            if isinstance(item, Refused):
                findings.refuse_row(item)
            else:
                findings.see(item)
                trial.take(item)
        walk.show("tried", findings.rows)
    trial.end()
    return findings
