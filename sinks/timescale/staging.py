"""Writes rows to a stage table by COPY, then to the table by one INSERT ... ON CONFLICT, sorted by key: the newest revision of a key wins."""

from collections.abc import Sequence
from dataclasses import dataclass

from sinks.timescale.session import Connection, copy_text, stage_of


@dataclass(frozen=True, slots=True)
class Upsert:
    """How rows of one table are written.

    columns: in the order of the COPY text. key: the unique columns. newest: what makes one version newer than another, a row expression where
    `{row}` stands for the table's or stage's name; empty: the first version stays for ever.
    null: how COPY text says NULL.
    """

    table: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    newest: str = ""
    null: str = r"\N"

    @property
    def copy(self) -> str:
        """COPY straight into the table: fails on a key that is there."""
        return self._copy(self.table)

    def write(self, connection: Connection, text: Sequence[bytes]) -> int:
        """Rows inserted or replaced. Raises psycopg.Error."""
        connection.execute(self._clear().encode())  # rows of an earlier part of the same transaction
        copy_text(connection, self._copy(stage_of(self.table)), text)
        return connection.execute(self._merge().encode()).rowcount

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


def _names(columns: Sequence[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)
