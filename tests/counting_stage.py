"""A trivial stage for tests of the Faust runtime: counts and adds the numbers of each key. `python -m tests.counting_stage [instance]` runs it.

Values: a number is added; `bad` is refused; `bug` raises what nobody expects; `flaky` fails twice before it succeeds; `grow N` makes the state N bytes larger;
`hang` never returns. With the second argument `two` the stage reads market.gaps too, with `shown` it shows its sums on market.bars.forming.
"""

import json
import random
import sys
from collections.abc import Iterable

from runtime.errors import InvalidRecord, TransientError, UserError
from runtime.faust_stage import StageSpec, run_stage
from runtime.settings import load_settings
from runtime.stage import InputRecord, Output
from schemas.reasons import Reason
from schemas.topics import Topic

INPUT, SECOND_INPUT, OUTPUT, STATE = Topic.TICKS, Topic.GAPS, Topic.BARS, Topic.STATE_BARS
SHOWN = Topic.BARS_FORMING
PROCESS = "process-counting"


class CountingCore:
    """Output of the n-th record of a key: {"key", "count": n, "sum"}."""

    def __init__(self, partition: int) -> None:
        self._sums: dict[str, list[int]] = {}
        self._filler = ""
        self._failures_left = 2

    def apply(self, record: InputRecord) -> Iterable[Output]:
        word, _, size = record.value.decode("utf-8", "replace").partition(" ")
        if word == "bad":
            raise InvalidRecord(Reason.INVALID_FIELD, "the record says so")
        if word == "bug":
            raise ZeroDivisionError("the record asks for it")
        if word == "flaky" and self._failures_left:
            self._failures_left -= 1
            raise TransientError("not yet")
        while word == "hang":
            pass
        if word == "grow":
            self._filler = random.Random(record.offset).randbytes(int(size) // 2).hex()
        return self._count((record.key or b"").decode(), int(word) if word.lstrip("-").isdigit() else 0)

    def _count(self, key: str, number: int) -> list[Output]:
        entry = self._sums.setdefault(key, [0, 0])
        entry[0] += 1
        entry[1] += number
        value = json.dumps({"key": key, "count": entry[0], "sum": entry[1]}).encode()
        return [Output(OUTPUT, value, key.encode(), {"type": b"count"})]

    def ephemeral(self) -> Iterable[Output]:
        return [Output(SHOWN, json.dumps(self._sums).encode(), b"sums")] if self._sums else []

    def snapshot(self) -> bytes:
        return json.dumps([self._sums, self._filler]).encode()

    def restore(self, snapshot: bytes) -> None:
        self._sums, self._filler = json.loads(snapshot)


def spec(inputs: tuple[Topic, ...] = (INPUT,), ephemeral: tuple[Topic, ...] = ()) -> StageSpec:
    return StageSpec(
        "counting", PROCESS, inputs, STATE, CountingCore, pace_s=0.005, commit_interval_s=0.2, outputs=(OUTPUT,), ephemeral=ephemeral
    )


if __name__ == "__main__":
    instance, *more = sys.argv[1:] or ["0"]
    try:
        asked = spec((INPUT, SECOND_INPUT) if "two" in more else (INPUT,), (SHOWN,) if "shown" in more else ())
        run_stage(asked, load_settings(), int(instance))
    except UserError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
