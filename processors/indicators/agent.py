"""The stage `indicators` as a process: the core in Faust's shell."""

from processors.indicators.catalogue import chosen
from processors.indicators.core import STAGE, IndicatorsCore
from runtime.faust_stage import StageSpec, run_stage
from runtime.settings import Settings
from schemas.topics import Topic


def spec(settings: Settings) -> StageSpec:
    """What the shell needs to know of the stage. Raises UserError for indicators that the catalogue does not have."""
    process = settings.process
    chosen(process)
    return StageSpec(
        name=STAGE,
        process=f"process-{STAGE}",
        inputs=(Topic.BARS,),
        state=Topic.STATE_INDICATORS,
        core=lambda _partition: IndicatorsCore(process),
        pace_s=process.indicators.pace_s,
        commit_interval_s=process.indicators.commit_interval_s,
        outputs=(Topic.INDICATORS,),
    )


def run(settings: Settings, instance: int = 0) -> None:
    """Blocks until SIGTERM or SIGINT. Raises UserError for what the user can mend."""
    run_stage(spec(settings), settings, instance)
