"""In how many ways each user wants each series, over all connections to this process: each way is encoded for itself, with every message."""

from collections import Counter, defaultdict

from gateway.protocol import BadMessage
from gateway.selector import ANY, Selector
from gateway.series import Channel
from gateway.variant import Variant

_Place = tuple[str, Channel, str]


class Ways:
    """By user, channel and symbol; a wildcard counts for every symbol of its channel. Another process encodes, and counts, for itself."""

    def __init__(self) -> None:
        self._held: defaultdict[_Place, Counter[Variant]] = defaultdict(Counter)

    def __len__(self) -> int:
        return len(self._held)

    def take(self, user: str, selector: Selector, limit: int) -> None:
        """Raises BadMessage, and takes nothing, beyond the limit."""
        places = [(user, selector.channel, symbol) for symbol in selector.symbols]
        of_all = self._held.get((user, selector.channel, ANY), Counter())
        for place in places:
            ways = self._held.get(place, Counter()).keys() | of_all.keys() | {selector.variant}
            if len(ways) > limit:
                sentence = f"a user may want one series in {limit} ways (filters, paces, forms) at a time, in all connections together"
                raise BadMessage("too_many_variants", sentence, "filters")
        for place in places:
            self._held[place][selector.variant] += 1

    def leave(self, user: str, selector: Selector) -> None:
        """What was taken."""
        for symbol in selector.symbols:
            held = self._held[user, selector.channel, symbol]
            held[selector.variant] -= 1
            if held[selector.variant] <= 0:
                del held[selector.variant]
            if not held:
                del self._held[user, selector.channel, symbol]
