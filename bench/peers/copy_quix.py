"""quix-streams, raw bytes. No dependency of ours: BENCH_QUIX_PYTHON names the Python of an environment that has it."""

from bench.peers.job import Job


def main() -> None:
    """Until killed."""
    from quixstreams import Application  # type: ignore[import-not-found]

    job = Job.from_environment()
    app = Application(
        broker_address=job.bootstrap, consumer_group=job.group, auto_offset_reset="earliest", auto_create_topics=False, loglevel="ERROR"
    )
    source = app.topic(job.source, value_deserializer="bytes", key_deserializer="bytes")
    target = app.topic(job.target, value_serializer="bytes", key_serializer="bytes")
    app.dataframe(source).to_topic(target)
    app.run()


if __name__ == "__main__":
    main()
