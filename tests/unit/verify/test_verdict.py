"""An audit of nothing proves nothing: the verdict needs rows that were compared."""

import pytest

from tickerplant.verify.output import as_json, as_text, passed
from tickerplant.verify.report import Report


def test_nothing_compared_is_no_pass() -> None:
    report = Report()
    assert not passed(report)
    assert as_json(report)["ok"] is False
    assert "nothing was compared" in as_text(report)


@pytest.mark.parametrize(("rows", "verdict"), [(0, False), (1, True)])
def test_rows_without_a_difference_pass(rows: int, verdict: bool) -> None:
    report = Report()
    report.compared["market_ticks"] = rows
    assert passed(report) is verdict
