"""The reference pages under docs/reference/, made from the code (topics, settings, metrics, reasons, keys in Redis, indicators), the gateway's protocol
as AsyncAPI, and the index of decisions.

`python -m tickerplant.reference` writes them; with `--check` it writes nothing and exits with 1 if a page is stale.
"""

import sys
from pathlib import Path

from prometheus_client.metrics import MetricWrapperBase

from cache.kinds import KINDS, Kind
from runtime import metrics
from schemas.reasons import CATALOGUE
from tickerplant import asyncapi
from tickerplant.indicator_page import catalogue
from tickerplant.reference_page import HEAD, table
from tickerplant.setting_page import settings
from tickerplant.topic_page import topics

FOLDER = Path(__file__).parent.parent / "docs"


def metric_families() -> list[MetricWrapperBase]:
    """The catalogue of runtime.metrics in its order."""
    return [value for value in vars(metrics).values() if isinstance(value, MetricWrapperBase)]


def exposed_names(metric: MetricWrapperBase) -> tuple[str, ...]:
    """Names of the samples of one metric, as Prometheus stores them: a counter ends in _total, a histogram is three series."""
    name = metric._name
    return {"counter": (f"{name}_total",), "histogram": (f"{name}_bucket", f"{name}_sum", f"{name}_count")}.get(str(metric._type), (name,))


def metrics_page() -> str:
    """Every metric of every process."""
    rows = [
        (f"`{'`, `'.join(exposed_names(m))}`", str(m._type), ", ".join(f"`{label}`" for label in m._labelnames) or "–", m._documentation)
        for m in metric_families()
    ]
    return (
        HEAD.format(source="runtime/metrics.py", title="Metrics")
        + "Every process serves those that it uses at `/metrics`, beside `process_*` and `python_*` of the Prometheus client. Durations are seconds.\n"
        "Dashboards and alerts in `deploy/` use only these names; a test says so.\n\n"
        + table(("metric", "type", "labels", "meaning"), rows)
    )


def reasons() -> str:
    """Every reason code."""
    rows = [(f"`{code}`", spec.meaning, f"{spec.weight:g}" if spec.weight else "–", spec.example) for code, spec in CATALOGUE.items()]
    return (
        HEAD.format(source="schemas/reasons.py", title="Reason codes")
        + "A dead letter has exactly one. A tick or bar that lost score lists those that took it: quality is 1 minus their weights, not below 0.\n"
        "Weight 1 refuses the data; a dash takes no score, it is counted or only said.\n\n"
        + table(("code", "meaning", "weight", "example"), rows)
    )


def cache_kinds() -> str:
    """Every kind of value in Redis."""
    rows = [
        (
            f"`{kind.name}`",
            f"`{':'.join([kind.key, *(part.upper() for part in kind.parts)])}`",
            _lifetime(kind),
            kind.written_by,
            kind.holds,
        )
        for kind in KINDS.values()
    ]
    return (
        HEAD.format(source="cache/kinds.py", title="Keys and lifetimes in Redis")
        + "What the sink writes is described in [tables and keys](tables.md), how services read and write in [the cache](../guides/cache.md). A part of a key is\n"
        'percent-encoded where it holds more than letters, digits and `-._~/@+,=`. What services write, and movers, is `{"ts_event_ns": ..., "value": ...}`. Lifetimes of services can\n'
        "be changed by `cache.lifetimes_s`. Nothing of ours asks providers for what services write yet: the kinds are there for those that do.\n\n"
        + table(("kind", "key", "lives for", "written by", "holds"), rows)
        + "\nBeside them: `guard:{KEY}` what was written last to KEY, a day or twice the value's life; `index:SYMBOL` the keys of a symbol that services wrote, and\n"
        "`invalidated:SYMBOL` when it was invalidated, a week each; `symbols` and the streams, in [tables and keys](tables.md).\n"
    )


def _lifetime(kind: Kind) -> str:
    if kind.lifetime == "fixed":
        return f"`sink.quote_ttl_s`, {kind.lifetime_s} s" if kind.name == "quote" else f"{kind.lifetime_s:,} s"
    return f"{'two timeframes' if kind.lifetime == 'series' else 'one timeframe'}, at least {kind.lifetime_s} s"


def decisions(folder: Path = FOLDER) -> str:
    """The index of docs/adr/, from the first line of every page there."""
    titles = {path.name: path.read_text().split("\n", 1)[0] for path in sorted((folder / "adr").glob("[0-9]*.md"))}
    rows = [(name[:4], f"[{title.removeprefix('# ').split('. ', 1)[-1]}]({name})") for name, title in titles.items()]
    return (
        HEAD.format(source="the pages of this folder", title="Decisions").replace("edit that file, not this one", "edit those")
        + "One page each: the question, what was decided, the alternatives, what follows. A decision is changed by a new one that names it.\n\n"
        + table(("number", "decision"), rows)
    )


def pages() -> dict[str, str]:
    """Path under docs/ to content, of all pages."""
    return {
        "reference/topics.md": topics(),
        "reference/settings.md": settings(),
        "reference/metrics.md": metrics_page(),
        "reference/reasons.md": reasons(),
        "reference/cache.md": cache_kinds(),
        "reference/indicator-catalogue.md": catalogue(),
        "reference/asyncapi.json": asyncapi.document(),
        "adr/README.md": decisions(),
    }


def stale(folder: Path = FOLDER) -> list[str]:
    """Names of pages in `folder` that differ from what the code says now."""
    return [name for name, text in pages().items() if not (folder / name).is_file() or (folder / name).read_text() != text]


def write(folder: Path = FOLDER) -> None:
    """Writes all pages."""
    for name, text in pages().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(1 if stale() else 0)
    write()
