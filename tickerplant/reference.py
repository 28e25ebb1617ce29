"""The reference pages under docs/reference/, made from the code (topics, settings, metrics, reasons, keys in Redis, indicators), the gateway's protocol
as AsyncAPI, and the index of decisions.

`python -m tickerplant.reference` writes them; with `--check` it writes nothing and exits with 1 if a page is stale.
"""

import sys
from collections.abc import Iterable, Iterator
from operator import attrgetter
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from prometheus_client.metrics import MetricWrapperBase
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from cache.kinds import KINDS, Kind
from runtime import metrics
from runtime.settings import PREFIX, Settings
from schemas.reasons import CATALOGUE
from schemas.topics import DAY_MS, HOUR_MS, SPECS, TopicSpec
from tickerplant import asyncapi
from tickerplant.indicator_page import catalogue

FOLDER = Path(__file__).parent.parent / "docs"
_HEAD = "<!-- made from {source} by `python -m tickerplant.reference`; edit that file, not this one -->\n\n# {title}\n\n"
_TICKS_PER_S = 1_000
_SECTIONS_OF_TESTS = ("faults",)


def topics() -> str:
    """Name, content, retention and expected disk of every topic."""
    rows = [
        (f"`{topic}`", spec.holds, _retention(spec), _size(spec.bytes_per_million), _size(expected_disk_bytes(spec, _TICKS_PER_S)))
        for topic, spec in SPECS.items()
    ]
    return (
        _HEAD.format(source="schemas/topics.py", title="Topics")
        + "All `market.*` topics have the same number of partitions (`kafka.partitions`), and a symbol has the same partition number in each.\n"
        "`tickerplant topics apply` creates them, `tickerplant topics check` compares; nothing else creates a topic. Physical names are settings\n"
        "(`kafka.topic_names`).\n\n"
        f"Disk is that of one replica after lz4, for a steady {_TICKS_PER_S:,} ticks/s kept for the whole retention. It was measured on BTC-USDT as\n"
        "recorded in `hftbacktest`, played in real time: 97 ticks/s, three to four ticks an envelope. A busier feed packs better: with full envelopes a\n"
        "million ticks take 37 MB raw and 43 MB validated. Bars, indicators and signals grow with symbols and minutes, about 300 bytes each; the figures are for\n"
        "symbols with four ticks a second. Kafka deletes whole segments, so allow one segment a partition more. A dash: nothing is written there yet, or too\n"
        "little to count.\n\n" + _table(("topic", "holds", "kept for", "disk a million ticks", f"disk at {_TICKS_PER_S:,} ticks/s"), rows)
    )


def expected_disk_bytes(spec: TopicSpec, ticks_per_s: float) -> int:
    """Bytes that a topic takes once its retention is full. A compacted topic does not grow with time."""
    if spec.compacted:
        return spec.bytes_per_million
    return round(spec.bytes_per_million * ticks_per_s * max(0, spec.retention_ms) / 1000 / 1e6)


def _retention(spec: TopicSpec) -> str:
    if spec.compacted:
        return "newest of a key, for ever"
    if spec.retention_ms < 0:
        return "for ever"
    if spec.retention_ms % DAY_MS == 0:
        return f"{spec.retention_ms // DAY_MS} d"
    return f"{spec.retention_ms // HOUR_MS} h"


def _size(number: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.3g} {unit}" if number else "–"
        number /= 1000
    return f"{number:.3g} TB"


def settings() -> str:
    """Every key with its variable, type, default and meaning."""
    parts = [
        _HEAD.format(source="runtime/settings/", title="Settings"),
        "Later wins: the default, `tickerplant.toml` (or the file that `TICKERPLANT_CONFIG` names), the environment, the command line. Unknown keys are\n"
        "refused wherever they stand. `tickerplant config show` prints what holds, secrets masked; `tickerplant config check` says what is wrong.\n"
        "In the environment a list is JSON: `TICKERPLANT_BINANCE__SYMBOLS='[\"BTC-USDT\"]'`.\n\n",
    ]
    plain = {name: field for name, field in Settings.model_fields.items() if _section(field) is None}
    parts.append(_settings_table("", PREFIX, plain))
    for name, field in Settings.model_fields.items():
        if (model := _section(field)) and name not in _SECTIONS_OF_TESTS:
            parts.append(f"\n## {name}\n\n{(model.__doc__ or '').strip()}\n\n")
            parts.append(_settings_table(f"{name}.", f"{PREFIX}{name.upper()}__", dict(_leaves(model))))
    return "".join(parts)


def _section(field: FieldInfo) -> type[BaseModel] | None:
    annotation = field.annotation
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _leaves(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Fields without fields of their own, nested names joined by dots. A nested section's default overrides its class's."""
    for name, field in model.model_fields.items():
        key = prefix + (field.alias or name)
        inner = _section(field)
        if inner is None:
            yield key, field
            continue
        for leaf, leaf_field in _leaves(inner, f"{key}."):
            shown = leaf_field._copy()
            if isinstance(field.default, BaseModel):
                shown.default = attrgetter(leaf.removeprefix(f"{key}."))(field.default)
            yield leaf, shown


def _settings_table(prefix: str, variable: str, fields: dict[str, FieldInfo]) -> str:
    rows = [
        (f"`{prefix}{key}`", f"`{variable}{key.upper().replace('.', '__')}`", _type(field.annotation), _default(field), _meaning(field))
        for key, field in fields.items()
    ]
    return _table(("key", "environment", "type", "default", "meaning and limits"), rows)


def _type(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), [a for a in get_args(annotation) if a is not NoneType]
    if origin is Annotated:
        return _type(arguments[0])
    if origin is Literal:
        return " or ".join(f"`{a}`" for a in arguments)
    if origin in (Union, UnionType):
        return " or ".join(_type(a) for a in arguments)
    if origin is tuple:
        return f"list of {_type(arguments[0])}"
    if origin is dict:
        return f"table of {_type(arguments[0])} to {_type(arguments[1])}"
    return {SecretStr: "secret", Path: "path", str: "text", int: "integer", float: "number", bool: "true or false"}.get(
        annotation, str(getattr(annotation, "__name__", annotation)).lower()
    )


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if value is None or value == {}:
        return "none"
    if isinstance(value, tuple):
        return ", ".join(f"`{v}`" for v in value) or "none"
    return f"`{value}`" if value != "" else "none"


def _meaning(field: FieldInfo) -> str:
    limits = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
    said = [f"{word} {getattr(m, name):,}" for m in field.metadata for name, word in limits.items() if hasattr(m, name)]
    return "; ".join(filter(None, [field.description or "", ", ".join(said)]))


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
        _HEAD.format(source="runtime/metrics.py", title="Metrics")
        + "Every process serves those that it uses at `/metrics`, beside `process_*` and `python_*` of the Prometheus client. Durations are seconds.\n"
        "Dashboards and alerts in `deploy/` use only these names; a test says so.\n\n"
        + _table(("metric", "type", "labels", "meaning"), rows)
    )


def reasons() -> str:
    """Every reason code."""
    rows = [(f"`{code}`", spec.meaning, f"{spec.weight:g}" if spec.weight else "–", spec.example) for code, spec in CATALOGUE.items()]
    return (
        _HEAD.format(source="schemas/reasons.py", title="Reason codes")
        + "A dead letter has exactly one. A tick or bar that lost score lists those that took it: quality is 1 minus their weights, not below 0.\n"
        "Weight 1 refuses the data; a dash takes no score, it is counted or only said.\n\n"
        + _table(("code", "meaning", "weight", "example"), rows)
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
        _HEAD.format(source="cache/kinds.py", title="Keys and lifetimes in Redis")
        + "What the sink writes is described in [tables and keys](tables.md), how services read and write in [the cache](../guides/cache.md). A part of a key is\n"
        'percent-encoded where it holds more than letters, digits and `-._~/@+,=`. What services write, and movers, is `{"ts_event_ns": ..., "value": ...}`. Lifetimes of services can\n'
        "be changed by `cache.lifetimes_s`. Nothing of ours asks providers for what services write yet: the kinds are there for those that do.\n\n"
        + _table(("kind", "key", "lives for", "written by", "holds"), rows)
        + "\nBeside them: `guard:{KEY}` what was written last to KEY, a day or twice the value's life; `index:SYMBOL` the keys of a symbol that services wrote, and\n"
        "`invalidated:SYMBOL` when it was invalidated, a week each; `symbols` and the streams, in [tables and keys](tables.md).\n"
    )


def _lifetime(kind: Kind) -> str:
    if kind.lifetime == "fixed":
        return f"`sink.quote_ttl_s`, {kind.lifetime_s} s" if kind.name == "quote" else f"{kind.lifetime_s:,} s"
    return f"{'two timeframes' if kind.lifetime == 'series' else 'one timeframe'}, at least {kind.lifetime_s} s"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join("| " + " | ".join(_cell(cell) for cell in line) + " |\n" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


def decisions(folder: Path = FOLDER) -> str:
    """The index of docs/adr/, from the first line of every page there."""
    titles = {path.name: path.read_text().split("\n", 1)[0] for path in sorted((folder / "adr").glob("[0-9]*.md"))}
    rows = [(name[:4], f"[{title.removeprefix('# ').split('. ', 1)[-1]}]({name})") for name, title in titles.items()]
    return (
        _HEAD.format(source="the pages of this folder", title="Decisions").replace("edit that file, not this one", "edit those")
        + "One page each: the question, what was decided, the alternatives, what follows. A decision is changed by a new one that names it.\n\n"
        + _table(("number", "decision"), rows)
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
