"""A provider's names of the symbols that any of its connections may carry."""

from collections.abc import Mapping


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
