"""In how many ways each user wants each series, over all connections to this process: each way is encoded for itself, with every message."""

from collections import Counter, defaultdict

from gateway.protocol import BadMessage
from gateway.selector import ANY, Selector
from gateway.series import Channel
from gateway.variant import Variant

_BySymbol = defaultdict[str, Counter[Variant]]


class Ways:
    """By user and channel, then by symbol; a wildcard counts for every symbol of its channel. Another process encodes, and counts, for itself."""

    def __init__(self) -> None:
        self._held: defaultdict[tuple[str, Channel], _BySymbol] = defaultdict(lambda: defaultdict(Counter))

    def __len__(self) -> int:
        return len(self._held)

    def take(self, user: str, selector: Selector, limit: int) -> None:
        """Raises BadMessage, and takes nothing, beyond the limit."""
        held: dict[str, Counter[Variant]] = self._held.get((user, selector.channel), {})
        of_all = held.get(ANY, Counter())
        for symbol in held if selector.any_symbol else selector.symbols:
            ways = held.get(symbol, Counter()).keys() | of_all.keys() | {selector.variant}
            if len(ways) > limit:
                sentence = f"a user may want one series in {limit} ways (filters, paces, forms) at a time, in all connections together"
                raise BadMessage("too_many_variants", sentence, "filters")
        for symbol in selector.symbols:
            self._held[user, selector.channel][symbol][selector.variant] += 1

    def leave(self, user: str, selector: Selector) -> None:
        """What was taken."""
        held = self._held[user, selector.channel]
        for symbol in selector.symbols:
            held[symbol][selector.variant] -= 1
            if held[symbol][selector.variant] <= 0:
                del held[symbol][selector.variant]
            if not held[symbol]:
                del held[symbol]
        if not held:
            del self._held[user, selector.channel]
