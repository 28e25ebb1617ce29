"""What the fan-out's figures look like to people. Pure."""

from collections.abc import Mapping

from bench.fan_out import FanOut
from bench.figures import table

TARGET_CORE_US = 6.0
TARGET_KIB = 24.0


def fan_out_text(results: Mapping[str, FanOut]) -> str:
    rows = [
        (
            name,
            one.per_s,
            one.delivered,
            "all" if one.delivered >= 0.98 * one.expected else f"of {one.expected:,}",
            one.core_us,
            round(1e6 / one.core_us) if one.core_us else None,
            one.client_core_us,
            one.latency.p50_ms,
            one.latency.p99_ms,
            one.kib,
            one.evicted,
        )
        for name, one in results.items()
    ]
    head = (
        "server",
        "messages/s a client",
        "delivered",
        "whole",
        "us a message",
        "messages/core-s",
        "us of the clients",
        "p50 ms",
        "p99 ms",
        "KiB a connection",
        "evicted",
    )
    return table(f"One message to many clients (targets: {TARGET_CORE_US:g} us, {TARGET_KIB:g} KiB)", head, rows)
