"""How much one connection may subscribe to. Pure."""

from collections.abc import Iterable

from gateway.protocol import BadMessage
from gateway.selector import Selector
from runtime.settings import GatewaySettings


def refuse_too_many(selector: Selector, others: Iterable[Selector], settings: GatewaySettings) -> None:
    """others: what the connection has beside it. Raises BadMessage."""
    held, limit = tuple(others), settings.max_subscriptions
    if sum(each.weight for each in held) + selector.weight > limit:
        raise BadMessage("too_many_subscriptions", f"a connection may name {limit} series; unsubscribe some or use a wildcard", "symbol")
    variants = {each.variant for each in held if each.overlaps(selector)} | {selector.variant}
    if len(variants) > settings.max_variants:  # each is encoded for itself, with every message of the series
        sentence = f"a connection may want one series in {settings.max_variants} ways (filters, paces, forms) at a time; unsubscribe some"
        raise BadMessage("too_many_variants", sentence, "filters")
