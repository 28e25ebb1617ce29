"""Which processes of an ingestor live, by what they wrote into the data folder."""

import json
import os
from pathlib import Path
from typing import Any

from ingestors.process_shard import ProcessShard, shard_in
from runtime.errors import UserError
from runtime.health import run_file
from tickerplant.stack.probe import process_at


def running_shards(data_dir: Path, process: str) -> dict[tuple[int, int], dict[str, Any]]:
    """What the living processes of an ingestor wrote at their start, by (number, of); (1, 1): the only one."""
    names = {path: shard_in(path.stem, process) for path in run_file(data_dir, process).parent.glob(f"{process}*.json")}
    found = {shard: _run_entry(path) for path, shard in names.items() if shard}
    return {shard: entry for shard, entry in found.items() if entry}


def check_beside(data_dir: Path, process: str, shard: ProcessShard) -> None:
    """Raises UserError where a process of the ingestor lives that would write to the same partitions: this very one, or one of another number of processes.
    Blocks for up to two seconds a process, if there is one."""
    for (number, of), entry in running_shards(data_dir, process).items():
        other = ProcessShard(shard.partitions, number, of).named(process)
        is_apart = of == shard.of and number != shard.number
        if is_apart or process_at(str(entry["health"])) != other:  # only a pid that somebody else has by now
            continue
        if of == shard.of:
            raise UserError(f"{other} (pid {entry['pid']}) runs already, and a second one would publish everything twice: stop it first")
        raise UserError(f"{other} (pid {entry['pid']}) runs, and {shard.named(process)} would write to its partitions: stop it first")


def _run_entry(path: Path) -> dict[str, Any]:
    """What a process wrote at its start, if it still lives."""
    try:
        entry = dict(json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return {}
    return entry if "health" in entry and _lives(entry.get("pid")) else {}


def _lives(pid: object) -> bool:
    if not isinstance(pid, int) or pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True  # another account's
    except OSError:
        return False
    return True
