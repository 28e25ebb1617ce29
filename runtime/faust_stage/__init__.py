"""All that knows Faust: a stage as one process that reads, applies a pure core a partition, writes, snapshots and commits.

`run_stage(StageSpec(...), settings)` is the whole interface; importing this package does not import Faust (start-up time).
"""

from runtime.faust_stage.spec import StageSpec
from runtime.settings import Settings

__all__ = ["StageSpec", "run_stage"]


def run_stage(spec: StageSpec, settings: Settings, instance: int = 0) -> None:
    """Runs one worker of the stage until SIGTERM or SIGINT, then returns after a final commit. Blocks; call it from the main thread.

    instance: 0 to n - 1 of n workers sharing the partitions; each has its own static membership, so a restarted one goes on at once.
    Raises UserError before anything is read if the user can mend it (exit code 2). What must not go on ends the process with exit code 70
    and nothing acknowledged.
    """
    from runtime.faust_stage.worker import run

    run(spec, settings, instance)
