"""The stage `bars` as a process: the core in Faust's shell."""

from processors.bars.core import STAGE, BarsCore
from runtime.faust_stage import StageSpec, run_stage
from runtime.settings import Settings
from schemas.topics import Topic


def spec(settings: Settings) -> StageSpec:
    """What the shell needs to know of the stage."""
    process = settings.process
    return StageSpec(
        name=STAGE,
        process=f"process-{STAGE}",
        inputs=(Topic.TICKS, Topic.BARS_RAW),
        state=Topic.STATE_BARS,
        core=lambda _partition: BarsCore(process),
        pace_s=process.bars.pace_s,
        commit_interval_s=process.bars.commit_interval_s,
        outputs=(Topic.BARS, Topic.GAPS),
        ephemeral=(Topic.BARS_FORMING,) if process.forming_timeframes else (),
        ephemeral_interval_s=process.forming_interval_s,
    )


def run(settings: Settings, instance: int = 0) -> None:
    """Blocks until SIGTERM or SIGINT. Raises UserError for what the user can mend."""
    run_stage(spec(settings), settings, instance)
