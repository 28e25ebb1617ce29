"""The stage `validate` as a process: the core in Faust's shell."""

from processors.validate.bar_rivals import BuiltBars
from processors.validate.core import STAGE, ValidateCore
from processors.validate.limits import Limits
from runtime.faust_stage import StageSpec, run_stage
from runtime.settings import Settings
from schemas.timeframes import Timeframe
from schemas.topics import Topic


def spec(settings: Settings) -> StageSpec:
    """What the shell needs to know of the stage."""
    process, limits = settings.process, Limits.of(settings.process.quality, settings.process.asset_classes, settings.process.failover)
    timeframes = frozenset(timeframe.value for timeframe in (Timeframe.M1, *process.timeframes))
    built = BuiltBars(frozenset(process.provider_bars), process.quote_bars, process.asset_classes, timeframes)
    return StageSpec(
        name=STAGE,
        process=f"process-{STAGE}",
        inputs=(Topic.TICKS_RAW,),
        state=Topic.STATE_VALIDATE,
        core=lambda _partition: ValidateCore(limits, built),
        pace_s=process.validate_.pace_s,
        commit_interval_s=process.validate_.commit_interval_s,
        outputs=(Topic.TICKS, Topic.GAPS, Topic.QUALITY, Topic.SOURCES, Topic.BARS_RAW),
    )


def run(settings: Settings, instance: int = 0) -> None:
    """Blocks until SIGTERM or SIGINT. Raises UserError for what the user can mend."""
    run_stage(spec(settings), settings, instance)
