"""Faust as its guide shows it: a JSON topic, one event a record, `await topic.send`."""

import sys

import faust

from bench.peers.job import Job

job = Job.from_environment()
app = faust.App(
    job.group,
    broker=f"kafka://{job.bootstrap}",
    store="memory://",
    value_serializer="json",
    topic_allow_declare=False,
    topic_disable_leader=True,
    web_enabled=False,
    stream_wait_empty=False,
    consumer_auto_offset_reset="earliest",
    datadir=str(job.folder / "faust"),
)
source = app.topic(job.source)
target = app.topic(job.target)


@app.agent(source)  # type: ignore[untyped-decorator]
async def copy(stream: faust.StreamT) -> None:
    async for value in stream:
        await target.send(value=value)


if __name__ == "__main__":
    sys.argv = ["copy_faust", "worker", "-l", "error", "--without-web"]
    app.main()
