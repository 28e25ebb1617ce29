"""Headers that every record of an ingestor carries: type, trace, real time of receipt."""

import secrets

from schemas import headers as names


class Stamps:
    """Traces are unique across processes and cheap: a random prefix a process, and a number."""

    def __init__(self) -> None:
        self._prefix = secrets.token_hex(6)
        self._number = 0

    def trace(self) -> str:
        """The next trace id."""
        self._number += 1
        return f"{self._prefix}-{self._number:x}"

    def headers(self, kind: str, received_ns: int, trace: str = "") -> dict[str, bytes]:
        """kind: `ticks`, `watermark` or the event's name; received_ns: the machine's clock when the oldest frame in the record came."""
        return {names.TYPE: kind.encode(), names.TRACE: (trace or self.trace()).encode(), names.RECEIVED: b"%d" % received_ns}
