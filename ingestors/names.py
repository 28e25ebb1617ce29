"""A provider's names of the symbols that any of its connections may carry, and of the source that its past goes to."""

from collections.abc import Mapping

SIMULATED = "-simulated"


class Names(dict[str, str]):
    """Canonical symbol to the provider's name. canonical: the other way. Both grow while the process lives: keep them, do not copy them."""

    def __init__(self, names: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self.canonical: dict[str, str] = {}
        self.learn(names or {})

    def learn(self, names: Mapping[str, str]) -> None:
        """More symbols."""
        self.update(names)
        self.canonical |= {name: symbol for symbol, name in names.items()}


def past_source(source: str, kind: str) -> str:
    """`binance` to `binance-bars`: what is fetched of the past gets a source of its own beside the live one, whose time goes on by itself."""
    plain = source.removesuffix(SIMULATED)
    return f"{plain}-{kind}{source[len(plain) :]}"
