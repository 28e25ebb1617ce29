"""How a replay speaks: progress on standard error, the report on standard output."""

import json
import sys
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from tickerplant.replay.report import Report


def teller() -> Callable[[str], None]:
    """Prints a line of progress, each one once; on a terminal over the one before."""
    console = Console(stderr=True)
    last = ""

    def tell(text: str) -> None:
        nonlocal last
        if text == last:
            return
        last = text
        if console.is_terminal:
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()
        else:
            console.print(text, highlight=False, soft_wrap=True)

    return tell


def show(report: Report, as_json: bool) -> int:
    """Prints the report; the exit code: 1 if the line did not drain."""
    if sys.stderr.isatty():
        sys.stderr.write("\n")
    if as_json:
        sys.stdout.write(json.dumps(report.document(), indent=2) + "\n")
    else:
        table = Table(title=f"{report.material}, source {report.source}", show_header=False)
        for what, figures in report.lines():
            table.add_row(what, figures)
        Console().print(table)
    if report.drained:
        return 0
    left = ", ".join(f"{name} is {records} records behind" for name, records in report.behind.items())
    lost = ", ".join(f"{symbol} trade {trade_id} never came" for symbol, trade_id in report.missing.items())
    sys.stderr.write(f"not drained: {'; '.join(filter(None, (left, lost)))}\n")
    return 1
