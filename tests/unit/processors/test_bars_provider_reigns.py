"""Where the line between two polled sources is drawn, in trouble: outages of both, many changes, bars that cannot be."""

from collections import defaultdict
from collections.abc import Iterable

import pytest
from msgspec import structs

from processors.bars.core import BarsCore
from processors.bars.provider_primary import MAX_REIGNS
from runtime.errors import InvalidRecord
from runtime.stage import Output
from schemas.timeframes import MINUTE_NS
from tests.unit.processors.inputs import T0_NS, run
from tests.unit.processors.test_bars_provider_primary import LISTED, bar, change, log, told


def primaries(outputs: Iterable[Output]) -> dict[int, set[str]]:
    """Who has each minute in the end."""
    newest = {(minute, source): primary for minute, source, primary, _, _ in told(outputs)}
    found = defaultdict[int, set[str]](set)
    for (minute, source), primary in newest.items():
        found[minute] |= {source} if primary else set()
    return found


def test_after_an_outage_of_both_each_interval_has_one_primary_bar() -> None:
    """The other source comes back first with an hour of bars, of which it can tell only the newest again; the former one fills the rest."""
    before, hour = [bar(0, "yahoo"), bar(0, "fmp")], range(1, 61)
    late = [bar(number, source) for source in ("fmp", "yahoo") for number in hour]
    outputs = run(BarsCore(LISTED), log(*before, *late[:60], change("fmp", 1, 61), *late[60:], bar(61, "yahoo"), bar(61, "fmp")))
    assert {minute: len(sources) for minute, sources in primaries(outputs).items()} == dict.fromkeys(range(62), 1)
    assert primaries(outputs)[61] == {"fmp"}


def test_many_changes_within_an_interval_do_not_make_older_ones_forgotten() -> None:
    flaps = [change("fmp" if epoch % 2 else "yahoo", epoch, 2) for epoch in range(1, 2 * MAX_REIGNS + 1)]
    restated = structs.replace(bar(0, "yahoo", "101", again=True), known_at_ns=T0_NS + 9 * MINUTE_NS)
    outputs = run(BarsCore(LISTED), log(bar(0, "yahoo"), bar(0, "fmp"), *flaps, restated))
    assert told(outputs)[-1] == (0, "yahoo", True, 0, 1)


def test_many_changes_at_as_many_intervals_do_not_make_those_that_can_be_revised_forgotten() -> None:
    said = [bar(0, "yahoo"), bar(0, "fmp")]
    for number in range(1, 60):
        source = "fmp" if number % 2 else "yahoo"
        said += [change(source, number, number), bar(number, "yahoo"), bar(number, "fmp")]
    restated = structs.replace(bar(0, "yahoo", "101", again=True), known_at_ns=T0_NS + 99 * MINUTE_NS)
    outputs = run(BarsCore(LISTED), log(*said, restated))
    assert told(outputs)[-1] == (0, "yahoo", True, 0, 1)


def test_a_bar_that_begins_after_it_was_known_draws_no_line() -> None:
    core, future = BarsCore(LISTED), structs.replace(bar(900_000, "yahoo"), known_at_ns=T0_NS)
    run(core, log(bar(0, "yahoo"), bar(0, "fmp"), future))
    assert told(run(core, log(change("fmp", 1, 1), bar(1, "fmp")))) == [(1, "fmp", True, 1, 0)]


@pytest.mark.parametrize("more", [{"symbol": "A,B"}, {"timeframe": "7m"}, {"timeframe": ""}])
def test_a_change_of_nothing_that_can_be_is_refused(more: dict[str, str]) -> None:
    core = BarsCore(LISTED)
    with pytest.raises(InvalidRecord):
        run(core, log(structs.replace(change("fmp", 1, 1), **more)))
    assert core.snapshot() == BarsCore(LISTED).snapshot()
