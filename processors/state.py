"""State of many series in one snapshot: what did not change since the last snapshot is not encoded again."""

from typing import Any, Generic, TypeVar

import msgspec

from runtime.errors import FatalError

Key = tuple[str, ...]
S = TypeVar("S", bound=msgspec.Struct)


class Series(dict[Key, S], Generic[S]):
    """Series by key. Whoever changes one calls `touch(key)`; `pack` then encodes only the touched ones anew (msgpack)."""

    def __init__(self) -> None:
        super().__init__()
        self._packed: dict[Key, msgspec.Raw] = {}
        self._touched: set[Key] = set()
        self.touch = self._touched.add
        self.touch_all = self._touched.update

    def pack(self, **more: Any) -> bytes:
        """All series and `more` (the stage's other state) as bytes. A series must have been touched since it was added."""
        for key in self._touched:
            self._packed[key] = msgspec.Raw(msgspec.msgpack.encode(self[key]))
        self._touched.clear()
        return msgspec.msgpack.encode({"more": more, "series": [(key, self._packed[key]) for key in self]})

    def unpack(self, snapshot: bytes, kind: type[S]) -> dict[str, Any]:
        """Takes over the series of a snapshot and returns `more`. Raises FatalError if the bytes are no snapshot of this kind."""
        try:
            content = msgspec.msgpack.decode(snapshot, type=_Content)
            for key, raw in content.series:
                self[key] = msgspec.msgpack.decode(raw, type=kind)
                self._packed[key] = raw.copy()
        except msgspec.DecodeError as error:
            raise FatalError(f"the stored state cannot be read: {error}") from error
        return content.more


class _Content(msgspec.Struct):
    more: dict[str, Any]
    series: list[tuple[Key, msgspec.Raw]]
