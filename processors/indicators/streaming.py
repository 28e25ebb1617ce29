"""All indicators of one series as one value that is updated bar by bar, copied and stored."""

from collections.abc import Sequence

import msgspec

from processors.indicators.catalogue import Chosen
from processors.indicators.macd import Macd
from processors.indicators.momentum import Momentum
from processors.indicators.rsi import Rsi


class States(msgspec.Struct, array_like=True):
    """State after `bars` closes; every update is O(1). It is plain data: encoded and decoded again it goes on to the last bit."""

    rsi: Rsi
    macd: Macd
    momentum: Momentum
    bars: int = 0

    @classmethod
    def empty(cls, chosen: Sequence[Chosen]) -> "States":
        """Before the first bar, with the parameters of processors.indicators.catalogue.chosen."""
        rsi, macd, momentum = (choice.parameters for choice in chosen)
        return cls(Rsi(rsi["period"]), Macd.of(macd["fast"], macd["slow"], macd["signal"]), Momentum(momentum["period"]))

    def update(self, close: float) -> None:
        self.rsi.update(close)
        self.macd.update(close)
        self.momentum.update(close)
        self.bars += 1

    def values(self) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
        """Outputs of RSI, MACD and momentum; empty while there is too little data."""
        return self.rsi.values(), self.macd.values(), self.momentum.values()

    def copy(self) -> "States":
        """Independent of the original."""
        return _decode(_encode(self))


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(States).decode
