"""What a run prints of an ingestor between socket and Kafka. Pure."""

from bench.figures import table
from bench.ingest import AT_ONCE_S, INGESTOR, SERVER, TARGET_MESSAGES_PER_S, TARGET_P99_MS, Ingest, Paced
from bench.stages_text import verdict

_WHAT = {INGESTOR: "ingestor", SERVER: "the venue's side, not ours"}


def ingest_text(result: Ingest) -> str:
    """Three tables: full pace, and delay at a steady rate, as the settings are and without a wait."""
    target = (
        f"without a wait (ingest.flush_most_s = {AT_ONCE_S}; target p99 < {TARGET_P99_MS:g} ms from receipt until a consumer has it, "
        f"which is later than the acknowledgement: {verdict(result.in_time)})"
    )
    usual = "as the settings are, for readers on the same cores"
    return "\n".join((_costs(result), _delays(result.paced, usual), _delays(result.at_once, target)))


def _costs(result: Ingest) -> str:
    full, paced = result.full, result.paced
    title = (
        f"Socket to Kafka, one provider: {full.messages:,} messages at {full.messages_per_s:,.0f} a second "
        f"(target {TARGET_MESSAGES_PER_S:,}: {verdict(result.reached)}; "
        f"by core time two cores carry {full.core_messages_per_s:,.0f}: {verdict(result.reached_by_core_time)}), {full.messages / max(full.records, 1):.0f} a record"
    )
    rows = [
        (_WHAT.get(name, name), one.core_s_per_million, 1e6 / one.core_s_per_million if one.core_s_per_million else None,
         paced.processes[name].core_s_per_million if name in paced.processes else None, one.peak_mb)
        for name, one in sorted(full.processes.items())
    ]  # fmt: skip
    head = ("process", "core-s a million, full pace", "messages/core-s", f"core-s a million at {paced.asked_per_s:,.0f}/s", "peak MB")
    return table(title, head, rows)


def _delays(paced: Paced, which: str) -> str:
    title = f"Delay at {paced.messages_per_s:,.0f} messages a second, {paced.messages_per_record:.0f} a record, {which}"
    ways = (
        ("received to appended, by the broker's whole ms, rounded up; nobody reads", paced.appended),
        ("received to read by a plain consumer", paced.read),
        ("sent by the venue (its whole ms) to read, trades", paced.sent_to_read),
    )
    rows = [(name, one.p50_ms, one.p90_ms, one.p99_ms, one.max_ms, one.count) for name, one in ways]
    return table(title, ("way", "p50 ms", "p90 ms", "p99 ms", "max ms", "messages"), rows)
