"""Where a backfill keeps what it fetched and what it is through with: a folder a window, two small files a symbol.

`SYMBOL.pages` while it is fetched and sent, `SYMBOL.done` afterwards, which holds for one Kafka log: where the topics are others, it begins anew.
"""

from pathlib import Path

import msgspec
from msgspec import Struct

from tickerplant.backfill.ask import Ask, Window
from tickerplant.backfill.spool import Spool
from tickerplant.importing.findings import shown


class Done(Struct):
    """log: which Kafka log it is about. rows: events of the window."""

    log: str
    rows: int


class Shelf:
    """Of one source and kind of data, in the data folder."""

    def __init__(self, data_dir: Path, ask: Ask, log: str) -> None:
        self._folder = data_dir / "backfills" / ask.provider / ask.source / ask.what
        self._log = log

    def spool(self, window: Window, symbol: str) -> Spool:
        return Spool(self._of(window) / f"{symbol}.pages")

    def done(self, window: Window, symbol: str) -> int | None:
        """How many events an earlier run sent; None where none is through."""
        try:
            found = msgspec.json.decode(self._note(window, symbol).read_bytes(), type=Done)
        except (OSError, msgspec.DecodeError):
            return None
        return found.rows if found.log == self._log else None

    def finish(self, window: Window, symbol: str, spool: Spool) -> None:
        """All of it is in the tables."""
        note = self._note(window, symbol)
        note.parent.mkdir(parents=True, exist_ok=True)
        draft = note.with_suffix(".new")
        draft.write_bytes(msgspec.json.encode(Done(self._log, spool.rows)))
        draft.replace(note)
        spool.remove()

    def _note(self, window: Window, symbol: str) -> Path:
        return self._of(window) / f"{symbol}.done"

    def _of(self, window: Window) -> Path:
        return self._folder / f"{_text(window.from_ns)}_{_text(window.to_ns)}"


def _text(at_ns: int) -> str:
    return shown(at_ns).replace(":", "")
