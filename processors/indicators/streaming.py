"""All indicators of one series as one value that is updated bar by bar, copied and stored."""

from collections.abc import Iterable
from typing import cast

import msgspec

from processors.indicators.catalogue import Chosen
from processors.indicators.formulas import (
    averages,
    convergence,
    directional,
    momentum,
    money_flow,
    oscillators,
    prices,
    ranges,
    smoothing,
    spread,
    volume,
)
from processors.indicators.spec import Ohlcv, Values

_Prices = averages.Kinds | smoothing.Kinds | directional.Kinds | ranges.Kinds | spread.Kinds | prices.Kinds
_Others = momentum.Kinds | convergence.Kinds | oscillators.Kinds | volume.Kinds | money_flow.Kinds
AnyState = _Prices | _Others  # told apart by the name of the class


class States(msgspec.Struct, array_like=True):
    """States after `bars` bars; an update costs as much as the windows are long. It is plain data: encoded and decoded again it goes on to the last bit."""

    states: list[AnyState]
    bars: int = 0

    @classmethod
    def empty(cls, chosen: Iterable[Chosen]) -> "States":
        """Before the first bar."""
        return cls([cast(AnyState, choice.spec.make(choice.parameters)) for choice in chosen])

    def update(self, bar: Ohlcv) -> list[Values]:
        """Takes the next closed bar; the outputs of each indicator at it, empty while there is too little data."""
        self.bars += 1
        return [state.update(bar) for state in self.states]

    def copy(self) -> "States":
        """Independent of the original."""
        return _decode(_encode(self))


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(States).decode


def peek(states: States, forming: Ohlcv) -> list[Values]:
    """The outputs as they would be if the forming bar closed as it stands; the states stay as they are."""
    return states.copy().update(forming)
