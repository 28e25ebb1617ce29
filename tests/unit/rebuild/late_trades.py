"""A feed of which some trades come too late for the stream."""

from schemas.ticks import Trade
from schemas.timeframes import MINUTE_NS, SECOND_NS, Timeframe

T0_NS = 1_723_161_600 * SECOND_NS  # 2024-08-09 00:00Z
TIMEFRAMES = (Timeframe.M1, Timeframe.M5, Timeframe.H1)


def trades() -> list[Trade]:
    """Three a minute for 200 minutes; at the end four of the first minutes come late, one of them of a minute that had none."""
    found, number = [], 0
    for minute in (m for m in range(200) if m != 20):
        for second in (1, 20, 40):
            number += 1
            at_ns = T0_NS + minute * MINUTE_NS + second * SECOND_NS
            found.append(Trade("BTC-USDT", str(60_000 + (minute * 37 + second * 11) % 400), "0.5", at_ns, at_ns, number))
    newest_ns = found[-1].ts_event_ns
    for minute in (3, 4, 20, 30):
        number += 1
        found.append(Trade("BTC-USDT", "59000.5", "0.25", T0_NS + minute * MINUTE_NS + 5 * SECOND_NS, newest_ns, number))
    return found
