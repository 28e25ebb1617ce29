"""Every stage by itself, held against its target: real process, real Kafka beside it, everything else of ours held still."""

from dataclasses import dataclass

from bench import stage_cores
from bench.closing import BAR_TARGET_MS, Closing, bar_to_signal, closing_minutes
from bench.figures import Spread
from bench.local_stack import LocalStack
from bench.own_line import OwnLine
from bench.stage_cores import BarCost, median_of
from bench.stage_speed import Run, Speed, bars_run, load, summary, validate_run
from schemas.topics import Topic

BAR_COMPUTE_TARGET_MS = 0.2
BATCH_TARGET_MS = 50.0


@dataclass(frozen=True, slots=True)
class StageEffort:
    """envelope_ticks: in envelopes of 100; single_ticks: one a record; bars: single bars to their signals, warm_bars before them."""

    runs: int
    envelope_ticks: int
    single_ticks: int
    bars: int
    warm_bars: int
    minutes: int
    symbols: int = 1000


@dataclass(frozen=True, slots=True)
class Stages:
    speeds: list[Speed]
    bar_compute: BarCost
    bar_compute_reached: bool
    batch_ms: float
    batch_reached: bool
    bar_to_signal: Spread
    bar_to_signal_reached: bool
    closing: Closing


def measure(stack: LocalStack, effort: StageEffort) -> Stages:
    """Blocks for some seconds a run. The caller holds our other processes still."""
    compute, batch_ms = stage_cores.one_bar(), median_of(effort.runs, stage_cores.batch_ms)
    speeds = [*_envelopes(stack, effort), _singles(stack, effort)]
    with OwnLine(stack, "bench-hop") as line:
        hop = bar_to_signal(line, effort.bars, effort.warm_bars)
    with OwnLine(stack, "bench-minute") as line:
        closing = closing_minutes(line, effort.symbols, effort.minutes)
    return Stages(
        speeds, compute, compute.mean_ms < BAR_COMPUTE_TARGET_MS, batch_ms, batch_ms < BATCH_TARGET_MS,
        hop, hop.p99_ms < BAR_TARGET_MS, closing,
    )  # fmt: skip


def _envelopes(stack: LocalStack, effort: StageEffort) -> list[Speed]:
    """validate at 100 ticks an envelope, and bars on what it wrote."""
    name, validated, folded = "bench-envelopes", list[Run](), list[Run]()
    with OwnLine(stack, name) as input_line:
        ticks = load(input_line, 100, effort.envelope_ticks)
        raw, records = input_line.kafka.topic(Topic.TICKS_RAW), _records(input_line)
        for number in range(effort.runs):
            with OwnLine(stack, f"{name}-{number}", {Topic.TICKS_RAW: raw}) as line:
                validated.append(validate_run(line, ticks, records))
            with OwnLine(stack, f"{name}-bars-{number}", {Topic.TICKS: line.kafka.topic(Topic.TICKS)}) as line:
                folded.append(bars_run(line, ticks))
    core_ticks = effort.single_ticks
    return [
        summary("validate, 100 ticks an envelope", 200_000, validated, stage_cores.validate_ticks_per_s(100, core_ticks)),
        summary("bars, 100 ticks an envelope", 300_000, folded, stage_cores.bars_ticks_per_s(100, core_ticks)),
    ]


def _singles(stack: LocalStack, effort: StageEffort) -> Speed:
    """validate at one tick a record."""
    name, runs = "bench-singles", list[Run]()
    with OwnLine(stack, name) as input_line:
        ticks = load(input_line, 1, effort.single_ticks)
        raw, records = input_line.kafka.topic(Topic.TICKS_RAW), _records(input_line)
        for number in range(effort.runs):
            with OwnLine(stack, f"{name}-{number}", {Topic.TICKS_RAW: raw}) as line:
                runs.append(validate_run(line, ticks, records))
    return summary("validate, one tick a record", 60_000, runs, stage_cores.validate_ticks_per_s(1, effort.single_ticks))


def _records(line: OwnLine) -> int:
    with line.ends(Topic.TICKS_RAW) as ends:
        return ends.count()
