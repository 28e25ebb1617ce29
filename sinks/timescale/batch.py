"""What was taken since the last commit: rows by table, refused records, and how far each place moves. No I/O."""

from collections import Counter
from collections.abc import Iterable

from runtime.stage import InputRecord
from schemas.dead_letters import DeadLetter
from sinks.store import Place
from sinks.timescale.rows import Block, TableRows

LetterKey = tuple[str, int, int, int]  # topic, partition, offset, index: the order in which dead letters are sent


class Batch:
    """ends: per place the offset after its last taken record. attempted: a transaction was begun, so the next attempt must ask whether it landed."""

    def __init__(self, tables: Iterable[str]) -> None:
        self.tables = {table: TableRows() for table in tables}
        self.ends: dict[Place, int] = {}
        self.letters: dict[LetterKey, DeadLetter] = {}
        self.sent: set[LetterKey] = set()
        self.records = 0
        self.attempted = False
        self.ticks_by_source: Counter[str] = Counter()
        self.receipts_ns: list[int] = []

    @property
    def rows(self) -> int:
        return sum(rows.rows for rows in self.tables.values())

    def advance(self, record: InputRecord) -> None:
        """The record is dealt with once this batch is stored, whatever becomes of it."""
        self.ends[(record.topic, record.partition)] = record.offset + 1
        self.records += 1

    def add(self, table: str, record: InputRecord, block: Block) -> None:
        if block.rows:
            self.tables[table].add(record, block)
        if block.source:
            self.ticks_by_source[block.source] += block.rows + len(block.expired)
            self.receipts_ns.append(block.ts_receive_ns)

    def refuse(self, letter: DeadLetter) -> None:
        """Asking twice about the same row keeps one letter."""
        self.letters[(letter.topic, letter.partition, letter.offset, letter.index)] = letter

    def unsent(self) -> list[tuple[LetterKey, DeadLetter]]:
        """In the order of the log, so that a reader that drops repeats by identity drops none of them."""
        return [(key, self.letters[key]) for key in sorted(self.letters.keys() - self.sent)]
