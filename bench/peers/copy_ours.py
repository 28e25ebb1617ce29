"""Ours: runtime.faust_stage with a core that copies. Guard, identities, snapshots and the commit gate are all on."""

from collections.abc import Iterable

from bench.peers.job import Job
from runtime.faust_stage import StageSpec, run_stage
from runtime.settings import KafkaSettings, load_settings
from runtime.stage import InputRecord, Output
from schemas.topics import Topic


class Copy:
    """Writes what it reads; has no state."""

    def apply(self, record: InputRecord) -> Iterable[Output]:
        return (Output(Topic.TICKS, record.value, record.key),)

    def snapshot(self) -> bytes:
        return b"{}"

    def restore(self, snapshot: bytes) -> None:
        pass


def main() -> None:
    """Until killed."""
    job = Job.from_environment()
    names = {
        Topic.TICKS_RAW: job.source,
        Topic.TICKS: job.target,
        Topic.STATE_VALIDATE: f"{job.target}.state",
        Topic.DLQ: f"{job.target}.dlq",
    }
    kafka = KafkaSettings(bootstrap_servers=job.bootstrap, topic_names=names, group_prefix=job.group)
    # A stage reads Kafka only, but addresses are resolved together.
    unused = {"postgres": {"url": "postgresql://unused"}, "redis": {"url": "redis://unused"}}
    settings = load_settings(data_dir=job.folder / "ours", kafka=kafka, **unused)
    spec = StageSpec(
        name="copy",
        process="process-copy",
        inputs=(Topic.TICKS_RAW,),
        state=Topic.STATE_VALIDATE,
        core=lambda _partition: Copy(),
        pace_s=0.0,
        commit_interval_s=1.0,
        outputs=(Topic.TICKS,),
    )
    run_stage(spec, settings)


if __name__ == "__main__":
    main()
