"""What users of the cache ask for, checked, and the question that Redis gets."""

from collections.abc import Iterable
from typing import Any

from cache.kinds import KINDS, SERVICES, Kind
from runtime.errors import UserError

MAXIMUM_KEYS = 10_000  # of one read or write: one pipeline, answered at once


def kind_named(name: str) -> Kind:
    if name not in KINDS:
        raise UserError(f"there is no kind {name}; there are {', '.join(KINDS)}")
    return KINDS[name]


def kind_of(key: str) -> Kind:
    """Of a symbol's key. Raises UserError if it is none of ours."""
    return kind_named(key.partition(":")[0])


def check_lifetimes(lifetimes_s: Iterable[str]) -> None:
    for name in lifetimes_s:
        if kind_named(name).written_by != SERVICES:
            raise UserError(
                f"cache.lifetimes_s names {name}, which the sink writes; a quote's lifetime is sink.quote_ttl_s, a series' goes by its timeframe"
            )


def bounded(many: Any) -> list[Any]:
    if len(many) > MAXIMUM_KEYS:
        raise UserError(f"{len(many):,} keys at once; {MAXIMUM_KEYS:,} are accepted")
    return list(many)


def ask_values(pipeline: Any, keys: list[str]) -> None:
    for key in keys:
        pipeline.get(key)
        pipeline.pttl(key)


def left_s(milliseconds: int, kind: Kind) -> float:
    """-2: over since it was read; -1: without end, which none of ours is."""
    return max(milliseconds, 0) / 1000 if milliseconds != -1 else kind.lifetime_s
