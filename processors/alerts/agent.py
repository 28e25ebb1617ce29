"""The stage `alerts` as a process: the core in Faust's shell."""

from processors.alerts.core import STAGE, AlertsCore
from runtime.faust_stage import StageSpec, run_stage
from runtime.settings import Settings
from schemas.codec import EVENTS
from schemas.topics import Topic

# market.quality is read from the version on that has its event.
INPUTS = tuple(
    topic for topic in (Topic.CONTROL, Topic.BARS, Topic.INDICATORS, Topic.GAPS, Topic.QUALITY, Topic.SOURCES) if topic in EVENTS
)


def spec(settings: Settings) -> StageSpec:
    """What the shell needs to know of the stage. Outputs follow from two topics, a judged one and market.control: see processors.alerts.events."""
    process = settings.process
    return StageSpec(
        name=STAGE,
        process=f"process-{STAGE}",
        inputs=INPUTS,
        state=Topic.STATE_ALERTS,
        core=lambda _partition: AlertsCore(settings.process.history_bars),
        pace_s=process.alerts.pace_s,
        commit_interval_s=process.alerts.commit_interval_s,
        outputs=(Topic.ALERTS,),
    )


def run(settings: Settings, instance: int = 0) -> None:
    """Blocks until SIGTERM or SIGINT. Raises UserError for what the user can mend."""
    run_stage(spec(settings), settings, instance)
