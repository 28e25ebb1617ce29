"""Closed bars: packed or not, they are found, changed, told in order and forgotten as a plain list of them would be."""

from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from processors.bars.fold import NEVER_NS, Fold
from processors.bars.open_bar import OpenBar
from processors.bars.timeline import Timeline
from schemas.ticks import Trade
from schemas.timeframes import MINUTE_NS

_STEPS = st.one_of(
    st.tuples(st.just("close"), st.integers(0, 30)),
    st.tuples(st.just("correct"), st.integers(0, 30)),
    st.tuples(st.just("forget"), st.integers(0, 3)),
    st.tuples(st.sampled_from(["pack", "store"]), st.just(0)),
)


def bar(minute: int) -> OpenBar:
    trade = Trade("BTC-USDT", "61652.00", "0.10", minute * MINUTE_NS + 1, 0, minute, seq=minute)
    return OpenBar(minute * MINUTE_NS, (minute + 1) * MINUTE_NS, Fold.of(trade, Decimal("61652.00"), Decimal("0.10")))


def stored(timeline: Timeline) -> Timeline:
    return msgspec.msgpack.decode(msgspec.msgpack.encode(timeline), type=Timeline)


@given(st.lists(_STEPS, max_size=60))
def test_as_a_plain_list_of_bars(steps: list[tuple[str, int]]) -> None:
    timeline, plain = Timeline(), dict[int, OpenBar]()
    for step, number in steps:
        if step == "close" and number not in plain:
            plain[number] = bar(number)
            timeline.keep_closed(bar(number))
        elif step == "correct":
            found, known = timeline.closed_bar(number * MINUTE_NS), plain.get(number)
            assert found == known
            if found and known:
                found.revision += 1
                known.revision += 1
        elif step == "forget":
            timeline.forget(number)
            for oldest in sorted(plain)[:number]:
                del plain[oldest]
        elif step == "pack":
            timeline.pack()
        elif step == "store":
            timeline = stored(timeline)
        assert timeline.kept == len(plain)
        assert timeline.closed or not timeline.packed
        if plain:
            assert timeline.oldest().ts_open_ns == min(plain) * MINUTE_NS
            assert timeline.closed[-1] == plain[max(plain)]
    assert timeline.closed_from(7 * MINUTE_NS) == [plain[number] for number in sorted(plain) if number >= 7]
    assert timeline.closed_after(7 * MINUTE_NS) == [plain[number] for number in sorted(plain) if number > 7]


def test_the_first_bar_is_found_when_it_is_packed() -> None:
    timeline = Timeline(first_ns=5 * MINUTE_NS + 1)
    for minute in range(5, 9):
        timeline.keep_closed(bar(minute))
    timeline.pack()
    assert len(timeline.packed) == 3
    assert timeline.move_first(4 * MINUTE_NS + 1) == bar(5)


def test_a_state_of_before_bars_were_packed_is_read() -> None:
    plain = msgspec.msgpack.encode([{}, [bar(1), bar(2)], NEVER_NS])
    timeline = msgspec.msgpack.decode(plain, type=Timeline)
    assert timeline.closed_from(0) == [bar(1), bar(2)]
