"""Writes rows to a stage table by COPY, then to the table by one INSERT ... ON CONFLICT, sorted by key: the newest revision of a key wins.

Where a table has a history, the versions that lost are added to that, in the same transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sinks.timescale.session import Connection, copy_text, stage_of


@dataclass(frozen=True, slots=True)
class Upsert:
    """How rows of one table are written.

    columns: in the order of the COPY text. key: the unique columns. newest: what makes one version newer than another, a row expression where
    `{row}` stands for the table's or stage's name; empty: the first version stays for ever.
    null: how COPY text says NULL. history: the table of superseded versions, unique by key and revision; empty: they are not kept.
    """

    table: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    newest: str = ""
    null: str = r"\N"
    history: str = ""

    @property
    def copy(self) -> str:
        """COPY straight into the table: fails on a key that is there."""
        return self._copy(self.table)

    def check(self, connection: Connection, text: Sequence[bytes]) -> None:
        """Puts rows where nobody sees them, under the table's own conditions. Raises psycopg.Error, whose context names the first line that breaks one."""
        copy_text(connection, self._copy(stage_of(self.table)), text)

    def write(self, connection: Connection, text: Sequence[bytes], rows: int) -> int:
        """Rows inserted or replaced, of `rows` given. Raises psycopg.Error."""
        stage = stage_of(self.table)
        connection.execute(self._clear().encode())  # rows of an earlier part of the same transaction
        copy_text(connection, self._copy(stage), text)
        if self.history:
            connection.execute(self._keep(self.table, stage).encode())  # what is about to be replaced
        changed = connection.execute(self._merge().encode()).rowcount
        if self.history and changed < rows:
            connection.execute(self._keep(stage, self.table).encode())  # what came too late, or was followed within the batch
        return changed

    # Table, column and stage names are constants of this package; values only travel as COPY data.

    def _clear(self) -> str:
        return f"DELETE FROM {stage_of(self.table)}"  # noqa: S608

    def _copy(self, table: str) -> str:
        return f"COPY {table} ({_names(self.columns)}) FROM STDIN WITH (NULL '{self.null}')"

    def _merge(self) -> str:
        stage = stage_of(self.table)
        order = _names(self.key) + (f", {self.newest.format(row=stage)} DESC" if self.newest else "")
        return (
            f"INSERT INTO {self.table} ({_names(self.columns)}) "  # noqa: S608
            f"SELECT DISTINCT ON ({_names(self.key)}) {_names(self.columns)} FROM {stage} ORDER BY {order} "
            f"ON CONFLICT ({_names(self.key)}) {self._resolution()}"
        )

    def _resolution(self) -> str:
        if not self.newest:
            return "DO NOTHING"
        changes = ", ".join(f'"{c}" = excluded."{c}"' for c in self.columns if c not in self.key)
        return f"DO UPDATE SET {changes} WHERE {self.newest.format(row='excluded')} > {self.newest.format(row=self.table)}"

    def _keep(self, older: str, newer: str) -> str:
        """Adds rows of `older` that have a newer version in `newer` to the history. From the stage, row by row through the table's index: OFFSET 0
        keeps the planner, which knows nothing of a table just filled, from reading the whole table. A first version replaces nothing."""
        stage = stage_of(self.table)
        same = " AND ".join(f'{self.table}."{column}" = {stage}."{column}"' for column in self.key)
        corrected = f"{stage}.revision > 0" if newer == stage else "true"
        chosen = ", ".join(f'pair."{column}"' if older == self.table else f'{stage}."{column}"' for column in self.columns)
        return (
            f"INSERT INTO {self.history} ({_names(self.columns)}) SELECT {chosen} FROM {stage} "  # noqa: S608
            f"CROSS JOIN LATERAL (SELECT {self.table}.* FROM {self.table} WHERE {same} AND {newer}.revision > {older}.revision OFFSET 0) AS pair "
            f"WHERE {corrected} ON CONFLICT DO NOTHING"
        )


def _names(columns: Sequence[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)
