"""A capture of raw frames through a running line: the ingestor of its provider as a child that reads files in place of connections."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import uvloop

from ingestors.raw_capture import head_of, read_capture
from runtime.clock import SystemClock
from runtime.errors import UserError
from runtime.logs import configure
from runtime.settings import Settings
from tickerplant.replay.child import IngestorChild
from tickerplant.replay.counts import COUNTED, count_rows, count_topics
from tickerplant.replay.drain import wait_until_drained
from tickerplant.replay.offsets import Offsets
from tickerplant.replay.report import Report
from tickerplant.replay.run import PROCESS, Tell, running_stack


def run_raw_replay(settings: Settings, files: Sequence[Path], drain_timeout_s: float, tell: Tell) -> Report:
    """Blocks until everything was played and the line has drained, or stands still. Raises UserError, FatalError, TransientError."""
    configure(settings.log, PROCESS)
    heads = [head_of(path) for path in files]
    if len({(head.provider, head.source) for head in heads}) > 1:
        raise UserError("the captures are of several providers: replay them one after the other")
    return uvloop.run(_replay(settings, heads[0].provider, heads[0].source, files, drain_timeout_s, tell))


async def _replay(settings: Settings, provider: str, source: str, files: Sequence[Path], drain_timeout_s: float, tell: Tell) -> Report:
    clock, addresses = SystemClock(), running_stack(settings, f"ingest-{provider}")
    offsets = Offsets(settings.kafka, addresses.kafka, addresses.postgres)
    starts = await asyncio.to_thread(offsets.ends, COUNTED)
    rows_before = await asyncio.to_thread(count_rows, addresses.postgres)
    frames = await asyncio.to_thread(_frames, files)
    tell(f"playing {frames.total():,} frames of {provider}")
    started_s = clock.monotonic_s()
    words = [word for path in files for word in ("--play", str(path.resolve()))]
    child = IngestorChild(settings.data_dir, {}, provider, words, ends=True)
    try:
        await child.run()
    finally:
        await child.stop()
    behind = await wait_until_drained(offsets, clock, drain_timeout_s, tell)
    seconds = clock.monotonic_s() - started_s
    ends = await asyncio.to_thread(offsets.settled_ends, COUNTED)
    topics = await asyncio.to_thread(count_topics, settings.kafka, addresses.kafka, starts, ends)
    rows_after = await asyncio.to_thread(count_rows, addresses.postgres)
    title = ", ".join(path.name for path in files)
    return Report(source, title, frames, topics, rows_before, rows_after, seconds, child.restarts, behind)


def _frames(files: Sequence[Path]) -> Counter[str]:
    return Counter(record.kind for record in read_capture(files) if record.kind == "frame")
