"""JSON Schemas of the events on the wire, made from the Structs: schemas/json/<event>.v1.json.

`python -m tickerplant.schema_files` writes them; with `--check` it writes nothing and exits with 1 if one is stale. Readers in other languages
build on them; the tests that decode schemas/examples/ hold what a schema cannot say.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from schemas import codec
from schemas.alerts import Alert
from schemas.bars import Bar, ProviderBar
from schemas.books import Book, BookDifference
from schemas.control import RuleChange
from schemas.dead_letters import DeadLetter
from schemas.gaps import Gap
from schemas.indicators import IndicatorRecord
from schemas.quality import QualityRecord
from schemas.signals import Signal
from schemas.sources import BarOffer, PrimaryChange, SourceState, SourceSymbols
from schemas.ticks import TickEnvelope, Watermark
from schemas.topics import Topic

FOLDER = Path(__file__).parent.parent / "schemas" / "json"
VERSION = 1

# By the event's name: its Struct, and the decoder that readers of its topics use.
EVENTS: dict[str, tuple[Any, Callable[[bytes], Any]]] = {
    "ticks": (TickEnvelope, codec.decode_ticks),
    "watermark": (Watermark, codec.decode_ticks),
    "bar_offer": (BarOffer, codec.decode_raw_ticks),
    "bar": (Bar, codec.decode_bar),
    "provider_bar": (ProviderBar, codec.decode_provider_bar),
    "book": (BookDifference, codec.decode_book),
    "order_book": (Book, codec.decode_order_book),
    "indicators": (IndicatorRecord, codec.decode_indicators),
    "signal": (Signal, codec.decode_signal),
    "gap": (Gap, codec.decode_gap),
    "quality": (QualityRecord, codec.decode_quality),
    "alert": (Alert, codec.decode_alert),
    "source": (SourceSymbols, codec.decode_source),
    "source_state": (SourceState, codec.decode_source),
    "primary": (PrimaryChange, codec.decode_source),
    "control": (RuleChange, codec.decode_control),
    "dead_letter": (DeadLetter, codec.decode_dead_letter),
}


def documents() -> dict[str, str]:
    """File name to content."""
    return {f"{name}.v{VERSION}.json": _document(name, struct) for name, (struct, _) in EVENTS.items()}


def _document(name: str, struct: Any) -> str:
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": "made by `python -m tickerplant.schema_files`; edit the Struct, not this file",
        "title": f"{name}, version {VERSION}",
        "x-topics": [topic.value for topic in topics_of(name)],
    }
    return json.dumps(head | msgspec.json.schema(struct), indent=2) + "\n"


def topics_of(name: str) -> list[Topic]:
    """The topics that carry an event."""
    struct = EVENTS[name][0]
    return [topic for topic, event in codec.EVENTS.items() if event is struct or struct in getattr(event, "__args__", ())]


def stale(folder: Path = FOLDER) -> list[str]:
    """Names of files that are missing, differ, or should not be there."""
    wanted = documents()
    there = {path.name: path.read_text() for path in folder.glob("*.json")}
    return sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))


def write(folder: Path = FOLDER) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in stale(folder):
        (folder / name).unlink(missing_ok=True)
    for name, content in documents().items():
        (folder / name).write_text(content)


def main(arguments: list[str]) -> int:
    if "--check" not in arguments:
        write()
        return 0
    for name in stale():
        sys.stderr.write(f"schemas/json/{name} is stale: run `python -m tickerplant.schema_files`\n")
    return 1 if stale() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
