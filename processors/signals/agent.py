"""The stage `signals` as a process: the core in Faust's shell."""

from processors.signals.core import STAGE, SignalsCore
from runtime.faust_stage import StageSpec, run_stage
from runtime.settings import Settings
from schemas.topics import Topic


def spec(settings: Settings) -> StageSpec:
    """What the shell needs to know of the stage. Raises UserError if all weights are zero."""
    process = settings.process
    SignalsCore(process)  # weights that are all zero must end the start, not the first assignment
    return StageSpec(
        name=STAGE,
        process=f"process-{STAGE}",
        inputs=(Topic.INDICATORS,),
        state=Topic.STATE_SIGNALS,
        core=lambda _partition: SignalsCore(process),
        pace_s=process.signals.pace_s,
        commit_interval_s=process.signals.commit_interval_s,
        outputs=(Topic.SIGNALS,),
    )


def run(settings: Settings, instance: int = 0) -> None:
    """Blocks until SIGTERM or SIGINT. Raises UserError for what the user can mend."""
    run_stage(spec(settings), settings, instance)
