"""What a caller can meet. Lost connections are none of it: the stream comes back by itself."""


class LiveError(Exception):
    """The stream cannot be what it was asked to be; trying again the same way is of no use."""


class Refused(LiveError):
    """The gateway says no. code, field: as in docs/reference/websocket.md (`forbidden`, `invalid_field`, `token_expired`, ...)."""

    def __init__(self, code: str, message: str, field: str = "") -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.field = field
