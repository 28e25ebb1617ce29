"""The composite signal of each bar from its indicators, as a table of votes, and its comparison with trading_signals."""

from collections.abc import Iterable
from dataclasses import dataclass

from tickerplant.verify.indicators import KNOWN_RULE, IndicatorPoint, copied
from tickerplant.verify.intervals import text
from tickerplant.verify.pairs import paired
from tickerplant.verify.parameters import Parameters
from tickerplant.verify.report import Report
from tickerplant.verify.rows import SignalRow
from tickerplant.verify.scores import TOLERANCE
from tickerplant.verify.store import Series

TABLE = "trading_signals"
RANK = ("macd", "rsi", "momentum")
_ACTIONS = {1: "buy", -1: "sell", 0: "hold"}
_RSI_HIGH, _RSI_LOW, _MOMENTUM, _SCORE = 70.0, 30.0, 0.02, 0.33


@dataclass(frozen=True, slots=True)
class Decision:
    """What a signal must say."""

    votes: dict[str, int]
    score: float
    status: str
    signal: int
    decided_by: str
    confidence: float


def votes(values: dict[tuple[str, str], float]) -> dict[str, int]:
    """-1, 0 or +1 a component; 0 where a value is missing."""
    histogram, previous = values.get(("macd", "histogram")), values.get(("macd", "previous_histogram"))
    crossed = histogram is not None and previous is not None
    return {
        "macd": _sign(crossed and histogram > 0 >= previous, crossed and histogram < 0 <= previous),  # type: ignore[operator]
        "rsi": _threshold(values.get(("rsi", "value")), below=_RSI_LOW, above=_RSI_HIGH, vote_above=-1),
        "momentum": _threshold(values.get(("momentum", "value")), below=-_MOMENTUM, above=_MOMENTUM, vote_above=1),
    }


def _sign(up: bool, down: bool) -> int:
    return int(up) - int(down)


def _threshold(value: float | None, *, below: float, above: float, vote_above: int) -> int:
    if value is None:
        return 0
    return vote_above * _sign(value > above, value < below)


def decide(values: dict[tuple[str, str], float], warm: dict[str, bool], bar_quality: float, parameters: Parameters) -> Decision:
    """The signal that these indicator values make."""
    cast = votes(values)
    score = sum(parameters.weights[name] * cast[name] for name in RANK)
    status = "unwarm" if not all(warm.get(name, False) for name in RANK) else "ok"
    if status == "ok" and bar_quality < parameters.minimum_quality:
        status = "low_quality"
    if status != "ok":
        return Decision(cast, score, status, 0, "status", 0.0)
    signal, decided_by = _resolve(cast, score, parameters.resolution)
    agreeing = sum(parameters.weights[name] for name in RANK if cast[name] == signal)
    return Decision(cast, score, status, signal, decided_by, round(bar_quality * agreeing, 6))


def _resolve(cast: dict[str, int], score: float, resolution: str) -> tuple[int, str]:
    strong = [name for name in RANK if cast[name]]
    disagree = {cast[name] for name in strong} == {-1, 1}
    if strong and (resolution == "hierarchy" or (resolution == "conflict" and disagree)):
        return cast[strong[0]], strong[0]
    return _sign(score > _SCORE, score < -_SCORE), "score"


class SignalAudit:
    """Compares one timeframe of one series."""

    def __init__(self, series: Series, timeframe: str, parameters: Parameters, report: Report) -> None:
        self._name = f"{series} {timeframe}"
        self._parameters = parameters
        self._report = report

    def run(self, points: Iterable[IndicatorPoint], rows: Iterable[SignalRow]) -> None:
        """points: one a stored bar, by open time."""
        for ts_us, point, row in paired(points, rows, lambda point: point.bar.timestamp_us, lambda row: row.timestamp_us):
            self._report.compared[TABLE] += row is not None
            if ts_us * 1000 < self._parameters.start_ns:
                continue
            key = f"{self._name} {text(ts_us * 1000)}"
            if point is None:
                self._report.unexpected(TABLE, key, "its bar is not stored")
            elif row is None:
                self._report.missing(TABLE, key, "every closed bar has one")
            else:
                self._judge(key, point, row)

    def _judge(self, key: str, point: IndicatorPoint, row: SignalRow) -> None:
        wanted = decide(point.values, point.warm, point.bar.quality_score, self._parameters)
        valid_until_ns = 2 * point.bar.ts_close_ns - point.bar.ts_open_ns + self._parameters.grace_ns
        self._report.compare(
            TABLE,
            key,
            [
                ("signal", wanted.signal, row.signal),
                ("action", _ACTIONS[wanted.signal], row.action),
                ("decided_by", wanted.decided_by, row.decided_by),
                ("resolution", self._parameters.resolution, row.resolution),
                ("status", wanted.status, row.status),
                ("valid_until_ns", valid_until_ns, row.valid_until_ns),
                *copied(point.bar, row),
            ],
        )
        self._report.compare_close(TABLE, key, "score", wanted.score, row.score)
        self._report.compare_close(TABLE, key, "confidence", wanted.confidence, row.confidence, TOLERANCE)
        self._judge_components(key, point, wanted, row)
        self._judge_origin(key, point, row)

    def _judge_components(self, key: str, point: IndicatorPoint, wanted: Decision, row: SignalRow) -> None:
        self._report.compare(TABLE, key, [("components", sorted(RANK), sorted(row.components))])
        for name in RANK:
            component = row.components.get(name, {})
            if not component:
                continue
            self._report.compare(
                TABLE,
                key,
                [
                    (f"components.{name}.signal", wanted.votes[name], component.get("signal")),
                    (f"components.{name}.warm", point.warm[name], component.get("warm")),
                ],
            )
            self._report.compare_close(TABLE, key, f"components.{name}.weight", self._parameters.weights[name], component.get("weight"))

    def _judge_origin(self, key: str, point: IndicatorPoint, row: SignalRow) -> None:
        if row.known_at_ns not in point.known_ns:
            self._report.rule(TABLE, key, "known_at_ns", KNOWN_RULE, row.known_at_ns)
        if point.rows:
            revision, known_at_ns = next((made_of.revision, made_of.known_at_ns) for made_of in point.rows.values())
            self._report.compare(TABLE, key, [("revision", revision, row.revision), ("known_at_ns", known_at_ns, row.known_at_ns)])
        elif row.revision < point.bar.revision:
            self._report.rule(TABLE, key, "revision", f"at least bar_revision {point.bar.revision}", row.revision)
