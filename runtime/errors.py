"""Few classes, split by what the caller should do."""

EXIT_FATAL = 70  # EX_SOFTWARE: a supervisor starts the process again from its last commit


class InvalidRecord(Exception):
    """The data is bad: dead-letter it and go on. reason: a schemas.reasons.Reason."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class TransientError(Exception):
    """The world is in the way (a broker, a database, a socket): retry with back-off; nothing is lost, nothing is acknowledged."""


class FatalError(Exception):
    """Going on would lose or falsify data: stop the process loudly with nothing acknowledged; the supervisor starts it again."""


class UserError(Exception):
    """The user can mend it: one line that says what is wrong and what to do, exit code 2, no traceback."""
