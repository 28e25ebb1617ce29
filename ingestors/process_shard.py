"""Which of a provider's symbols one of several processes carries: those of its Kafka partitions. Pure.

A partition has one process then, so order and watermarks of a source within it are what they are with one process, and no reader knows the difference.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ingestors.provider import Provider
from runtime.errors import UserError
from schemas.partitioner import partition_of

_FORM = re.compile(r"(\d{1,4})/(\d{1,4})")
_SUFFIX = re.compile(r"-(\d{1,4})of(\d{1,4})")


@dataclass(frozen=True, slots=True)
class ProcessShard:
    """partitions: of every topic. number: from 1 to `of`, the processes beside each other; 1 of 1 is the only one."""

    partitions: int
    number: int = 1
    of: int = 1

    @property
    def whole(self) -> bool:
        """There is no other."""
        return self.of == 1

    @property
    def own(self) -> tuple[int, ...]:
        """The partitions that nobody else of the source writes to."""
        return tuple(range(self.number - 1, self.partitions, self.of))

    def of_these(self, symbols: Iterable[str]) -> set[str]:
        """Those that fall to this process."""
        return {symbol for symbol in symbols if partition_of(symbol, self.partitions) % self.of == self.number - 1}

    def named(self, name: str) -> str:
        """A name that no other process of the source has: `ingest-binance-1of2`, the plain one where there is no other."""
        return name if self.whole else f"{name}-{self.number}of{self.of}"

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


def shard_of(text: str, partitions: int) -> ProcessShard:
    """`1/2` in words of the command line. Raises UserError."""
    found = _FORM.fullmatch(text)
    number, of = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= number <= of:
        raise UserError(f"--shard {text}: write the number of this process of all, counted from 1, as 1/2 and 2/2")
    _check_number(of, partitions)
    return ProcessShard(partitions, number, of)


def shard_in(process: str, name: str) -> tuple[int, int] | None:
    """(number, of) in the name of a process, (1, 1) in a plain one; None where it is not one of `name`."""
    if process == name:
        return 1, 1
    found = _SUFFIX.fullmatch(process.removeprefix(name)) if process.startswith(name) else None
    return (int(found[1]), int(found[2])) if found else None


def check_processes(provider: Provider, of: int, partitions: int) -> None:
    """Raises UserError where the provider's symbols cannot be spread over so many processes."""
    if of == 1:
        return
    if provider.transport == "files":
        raise UserError(f"{provider.name} takes files, each once: one process is enough")
    if provider.one_connection:
        raise UserError(f"{provider.name} lets a key have one connection, so its symbols cannot be spread over processes")
    _check_number(of, partitions)


def _check_number(of: int, partitions: int) -> None:
    if of > partitions:
        raise UserError(f"{of} processes of one provider are more than the {partitions} partitions that they share (kafka.partitions)")
