"""What is sent of a file whose source has ticks already."""

from collections.abc import Iterable, Sequence

import pytest

from processors.bars.policy import Policies
from runtime.errors import UserError
from schemas.reasons import Reason
from schemas.ticks import Quote, Trade
from schemas.timeframes import DAY_NS
from tickerplant.importing.findings import Findings
from tickerplant.importing.ledger import Progress
from tickerplant.importing.sifting import Sifting
from tickerplant.importing.stored import SeriesKey, Stored
from tickerplant.importing.ticks import Event

JANUARY_NS = 1_704_067_200 * 10**9
FEBRUARY_NS = JANUARY_NS + 31 * DAY_NS
MARCH_NS = FEBRUARY_NS + 29 * DAY_NS


class Table(Stored):
    """market_ticks as the newest tick of each series."""

    def __init__(self, newest: dict[SeriesKey, int]) -> None:
        self._newest = newest

    def newest_ticks(self, sources: Iterable[str], from_ns: int) -> dict[SeriesKey, int]:
        return {key: at_ns for key, at_ns in self._newest.items() if key[1] in sources and at_ns >= from_ns}


# One file after the other: A of January, B of January, A of February.
STORED = {("A-USD", "file", "trade"): MARCH_NS - 1, ("B-USD", "file", "trade"): FEBRUARY_NS - 1}


def trades(symbol: str, *times_ns: int, source: str = "file") -> list[Event]:
    return [Event(at_ns, source, Trade(symbol, "1", "1", at_ns, at_ns, at_ns)) for at_ns in times_ns]


def quotes(symbol: str, *times_ns: int) -> list[Event]:
    return [Event(at_ns, "file", Quote(symbol, "1", "1", "2", "1", at_ns, at_ns, at_ns)) for at_ns in times_ns]


def sifted(
    events: Sequence[Event], progress: Progress | None = None, completed: dict[str, int] | None = None
) -> tuple[list[Event], Findings]:
    findings = Findings()
    from_ns = min(event.at_ns for event in events)
    sifting = Sifting(progress or Progress([], "log"), Table(STORED), findings, Policies(), from_ns, lambda source: None, completed or {})
    return sifting.sift(events)[1], findings


@pytest.mark.parametrize("symbol", ["B-USD", "C-USD"])
def test_a_month_behind_what_another_symbol_brought_is_refused(symbol: str) -> None:
    """Its bars would close with their first trade, and a symbol that is new would miss its last ones."""
    with pytest.raises(UserError, match=rf"^file has ticks up to 2024-02-29T23:59:59.* and {symbol} would come behind .* --source file-2 "):
        sifted(trades(symbol, FEBRUARY_NS, FEBRUARY_NS + 1))


def test_an_import_that_goes_on_is_measured_by_what_there_was_when_it_began() -> None:
    both = [*trades("A-USD", MARCH_NS, MARCH_NS + 5), *trades("B-USD", MARCH_NS + 6)]
    progress = Progress([], "log", events=2, sources=["file"], newest={" ".join(key): at_ns for key, at_ns in STORED.items()})
    assert sifted(both, progress)[0] == both[2:]
    with pytest.raises(UserError, match="would come behind"):
        sifted([*both[:2], *trades("B-USD", MARCH_NS - 9)], progress)


def test_what_comes_after_all_or_closes_no_bars_or_has_a_source_of_its_own_is_sent() -> None:
    for events in (
        trades("B-USD", MARCH_NS, MARCH_NS + 1),
        trades("B-USD", FEBRUARY_NS, source="file-2"),
        quotes("B-USD", FEBRUARY_NS),
    ):
        assert sifted(events)[0] == events
    with pytest.raises(UserError, match="would come behind"):
        sifted(quotes("EUR-USD", FEBRUARY_NS))  # the bars of a currency pair are built from its quotes


def test_the_same_rows_again_are_behind_and_not_refused() -> None:
    again = [*trades("B-USD", JANUARY_NS, FEBRUARY_NS - 1), *trades("A-USD", FEBRUARY_NS, MARCH_NS - 1)]
    sent, findings = sifted(again)
    assert sent == [again[1], again[3]]  # the line knows their ids
    assert findings.skipped == {Reason.BEHIND_HISTORY.value: 2}


@pytest.mark.parametrize("symbol", ["A-USD", "B-USD", "C-USD"])
@pytest.mark.parametrize("source", ["file", "quiet"])
def test_rows_before_the_time_that_an_import_was_complete_to_are_refused(symbol: str, source: str) -> None:
    """Watermarks went up to there, and closed the bars of every symbol of the source; whether any of them has rows does not matter."""
    april_ns = MARCH_NS + 31 * DAY_NS
    completed = {source: april_ns, "another": april_ns + DAY_NS}
    with pytest.raises(
        UserError, match=rf"^{source} was said to be complete up to 2024-04-01T00:00:00Z already, and {symbol} would come behind"
    ):
        sifted(trades(symbol, april_ns - 1, source=source), completed=completed)
    after = trades(symbol, april_ns, source=source)
    assert sifted(after, completed=completed)[0] == after
