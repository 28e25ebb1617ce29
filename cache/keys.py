"""Names of keys. The symbol is canonical, so `quote:BTC-USDT`; only the primary source of a symbol is kept."""

from functools import lru_cache
from urllib.parse import quote

from cache.kinds import KINDS, SINK, Kind
from runtime.errors import UserError
from schemas.timeframes import Timeframe

SYMBOLS_KEY = "symbols"  # a set: every symbol that the sink has seen a tick of
MAXIMUM_PART_CHARACTERS = 200
# What canonical symbols and times hold anyway; a colon would look like the end of a part, and two texts like one key.
_SAFE = "-._~/@+,="


def key_of(kind: Kind, parts: tuple[object, ...]) -> str:
    """`news:AAPL:10`. What somebody searched for is taken in lower case, without space around it. Raises UserError for wrong or endless parts."""
    if len(parts) != len(kind.parts):
        wanted = ", ".join(kind.parts) or "nothing"
        raise UserError(f"a key of {kind.name} is made of {wanted}; {len(parts)} parts were given")
    return joined(kind, *(_checked(kind, name, str(value)) for name, value in zip(kind.parts, parts, strict=True)))


def _checked(kind: Kind, name: str, text: str) -> str:
    if name == "query":
        text = " ".join(text.lower().split())
    if not text or len(text) > MAXIMUM_PART_CHARACTERS:
        raise UserError(f"the {name} of {kind.name} has {len(text)} characters; 1 to {MAXIMUM_PART_CHARACTERS} are accepted")
    return text


def joined(kind: Kind, *parts: str) -> str:
    """The key of parts that need no check."""
    return ":".join([kind.key, *map(_encoded, parts)])


@lru_cache(65_536)
def _encoded(part: str) -> str:
    return quote(part, safe=_SAFE)


def keys_of_symbol(symbol: str) -> list[str]:
    """Of the values that the sink writes."""
    kinds = [kind for kind in KINDS.values() if kind.written_by == SINK and kind.of_symbol]
    return [
        key
        for kind in kinds
        for key in ([joined(kind, symbol, one) for one in Timeframe] if "timeframe" in kind.parts else [joined(kind, symbol)])
    ]


def guard_key(key: str) -> str:
    """What is remembered of a key's newest writes. The braces put both on one slot of a Redis cluster."""
    return f"guard:{{{key}}}"


def index_key(symbol: str) -> str:
    """The keys of a symbol that services wrote, so that they can be invalidated without a search through all keys."""
    return f"index:{symbol}"


def mark_key(symbol: str) -> str:
    """When a symbol was invalidated, for those who would give a Redis that was started anew what it has lost."""
    return f"invalidated:{symbol}"


def stream_key(name: str, symbol: str) -> str:
    """The last events of a symbol, oldest first."""
    return f"stream:{name}:{symbol}"
