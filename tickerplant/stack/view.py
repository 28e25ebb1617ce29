"""What a person sees while a stack runs: a live table on a terminal, one line every few seconds elsewhere. Pure: takes rows, gives text."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tickerplant.stack.figures import Figures

_INGEST = "ingest-"
_COLOURS = {"ready": "green", "starting": "yellow", "waiting": "dim", "not ready": "yellow", "crashed": "red", "stopped": "dim"}


@dataclass(frozen=True, slots=True)
class Row:
    """One server or process. note: why it is not ready, or how it ended last."""

    name: str
    state: str
    pid: int | None
    restarts: int
    note: str
    memory_mb: float | None
    figures: Figures | None


@dataclass(frozen=True, slots=True)
class Picture:
    """The whole: feed is `simulated`, `live` or `none`; page: the live page's address, empty while there is none."""

    feed: str
    page: str
    data_dir: str
    elapsed_s: float
    rows: Sequence[Row]


def headline(picture: Picture) -> Text:
    """What feeds the line, loud when it is not the market, and where to look."""
    feeds = {
        "simulated": ("SIMULATED feed: generated prices, not the market", "bold black on yellow"),
        "live": (
            f"live feed: {', '.join(row.name.removeprefix(_INGEST) for row in picture.rows if row.name.startswith(_INGEST))}",
            "bold green",
        ),
        "none": ("no feed", "dim"),
    }
    text = Text.assemble("tickerplant  ", feeds[picture.feed], f"  up {picture.elapsed_s:.0f} s")
    if picture.page:
        text.append(f"  page {picture.page}", style="bold")
    return text


def table(picture: Picture) -> RenderableType:
    """For a terminal."""
    grid = Table(expand=False, pad_edge=False, header_style="bold")
    grid.add_column("process")
    grid.add_column("health")
    for name in ("in/s", "out/s", "lag", "p50 ms", "p99 ms", "quality", "dead", "MB", "restarts"):
        grid.add_column(name, justify="right")
    grid.add_column("note", max_width=48, overflow="ellipsis", no_wrap=True)
    for row in picture.rows:
        state = Text(row.state, style=_COLOURS.get(row.state, ""))
        grid.add_row(
            row.name,
            state,
            *_figures(row.figures),
            _number(row.memory_mb),
            Text(str(row.restarts), style="red" if row.restarts else "dim"),
            row.note,
        )
    return Group(headline(picture), grid, Text(f"data and logs in {picture.data_dir}; Ctrl-C stops everything", style="dim"))


def line(picture: Picture) -> str:
    """For a log: one line that says the same in short."""
    ready = sum(row.state == "ready" for row in picture.rows)
    parts = [f"up {picture.elapsed_s:.0f} s", f"feed {picture.feed.upper() if picture.feed == 'simulated' else picture.feed}"]
    parts.append(f"ready {ready}/{len(picture.rows)}")
    by_name = {row.name: row.figures for row in picture.rows if row.figures}
    if fed := [figures.in_per_s for name, figures in by_name.items() if name.startswith(_INGEST)]:
        parts.append(f"ingest {sum(fed):.0f}/s")
    if stored := by_name.get("sink-timescale"):
        parts.append(f"stored {stored.out_per_s:.0f}/s")
    if (valid := by_name.get("process-validate")) and valid.p50_ms is not None and valid.p99_ms is not None:
        parts.append(f"latency p50 {valid.p50_ms:.1f} ms p99 {valid.p99_ms:.1f} ms")
    parts.append(f"lag {sum(one.lag_records or 0 for one in by_name.values())}")
    parts += [f"{row.name} {row.state} ({row.note})" for row in picture.rows if row.state != "ready"]
    restarts = [f"{row.name} restarted {row.restarts}x" for row in picture.rows if row.restarts]
    return ", ".join(parts + restarts)


def _figures(figures: Figures | None) -> list[str]:
    if figures is None:
        return [""] * 7
    return [
        _number(figures.in_per_s),
        _number(figures.out_per_s),
        _number(figures.lag_records),
        _number(figures.p50_ms, 1),
        _number(figures.p99_ms, 1),
        "" if figures.quality is None else f"{figures.quality:.3f}",
        _number(figures.dead_letters or None),
    ]


def _number(value: float | None, decimals: int = 0) -> str:
    return "" if value is None else f"{value:,.{decimals}f}"
