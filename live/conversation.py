"""What is said on one connection: the gateway's text in, messages for the caller and actions for the gateway out. Pure.

Begins with a token if there is one, then subscribes; follows each series' chain and subscribes again where it breaks.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from live.decode import Head, event_fields, head_of, snapshot_of, update_of
from live.errors import LiveError, Refused
from live.events import Resumed, Skipped, Snapshot, Status
from live.following import Following
from live.messages import Update

T = TypeVar("T")
Message = Update | Snapshot | Resumed | Skipped | Status
_TOKEN_ID = "token"  # noqa: S105 - of the authenticate action
_CLOCK_ID = "clock"  # of the ping that asks for the gateway's time
# Refusals that pass: keys come back, and what a killed gateway's connections held is free again after half a minute.
_PASSING = frozenset({"keys_unavailable", "too_many_connections"})
_PASSING_ONCE_ACCEPTED = _PASSING | {"tier_limit"}


class Interrupted(Exception):
    """This connection is of no use; another one may be."""


class _Authenticated(msgspec.Struct):
    expires_at: datetime | None = None


class _Pong(msgspec.Struct):
    ts_ns: int


class _Error(msgspec.Struct):
    code: str
    message: str
    field: str = ""
    id: str | int | None = None


class _Reconnect(msgspec.Struct):
    after_s: float


class Conversation:
    """say: actions for the gateway, which the caller takes and sends. is_serving: it has sent something that was asked for.

    token_left_s: once known, for how long the token still counts, by the gateway's clock. come_back_s: when the gateway, which ends, wants to be asked again.
    """

    def __init__(self, followings: Sequence[Following], token: str | None) -> None:
        self.say: list[dict[str, Any]] = []
        self.is_serving = False
        self.token_left_s: float | None = None
        self.come_back_s: float | None = None
        self._expires_at: datetime | None = None
        self._is_begun = False
        self._followings = {following.id: following for following in followings}
        if token is None:
            self._begin()
        else:
            self.authenticate(token)

    def authenticate(self, token: str) -> None:
        """Also in the middle, with the user's next token."""
        self.say.append({"action": "authenticate", "token": token, "id": _TOKEN_ID})

    def take(self, text: bytes) -> Message | None:
        """None: nothing for the caller. Raises Refused, Interrupted, LiveError."""
        head = head_of(text)
        if not head.type or head.type == "skipped":
            return self._follow(head, text)
        if head.type in ("snapshot", "resumed"):
            return self._start(head, text)
        return self._hear(head, text)

    def _hear(self, head: Head, text: bytes) -> Message | None:
        """What is not of a series."""
        if head.type == "status":
            return Status(**event_fields(text, Status))
        if head.type == "subscribed" and isinstance(head.id, str) and head.id in self._followings:
            self._followings[head.id].accepted(head)
        elif head.type == "authenticated":
            self._authenticated(_as(_Authenticated, text))
        elif head.type == "pong" and head.id == _CLOCK_ID and self._expires_at is not None:
            self.token_left_s = self._expires_at.timestamp() - _as(_Pong, text).ts_ns / 1e9
        elif head.type == "reconnect":
            self.come_back_s = _as(_Reconnect, text).after_s
        elif head.type == "error":
            self._refused(_as(_Error, text))
        return None

    def _begin(self) -> None:
        if not self._is_begun:
            self.say += [following.action() for following in self._followings.values()]
        self._is_begun = True

    def _authenticated(self, answer: _Authenticated) -> None:
        self._expires_at, self.token_left_s = answer.expires_at, None
        if answer.expires_at is not None:
            self.say.append({"action": "ping", "id": _CLOCK_ID})
        self._begin()

    def _refused(self, error: _Error) -> None:
        if error.id == _TOKEN_ID and error.code == "no_keys":
            return self._begin()  # no token is needed here
        following = self._followings.get(str(error.id))
        passing = _PASSING_ONCE_ACCEPTED if following is not None and following.was_accepted else _PASSING
        if error.code in passing:
            raise Interrupted(f"{error.code}: {error.message}")
        raise Refused(error.code, error.message, error.field)

    def _start(self, head: Head, text: bytes) -> Message | None:
        following = self._following(head)
        if following is None:
            return None
        step, is_known = following.begin(head)
        if step == "drop":
            return None
        self.is_serving = True
        if head.type == "resumed":
            return Resumed(**event_fields(text, Resumed))
        snapshot = snapshot_of(text, head.channel)
        if is_known and snapshot.recovered is None and following.is_counted:
            return msgspec.structs.replace(snapshot, recovered=False, reason="unknown")  # it had no position to go on from
        return snapshot if following.is_counted else msgspec.structs.replace(snapshot, recovered=None)

    def _follow(self, head: Head, text: bytes) -> Message | None:
        following = self._following(head)
        step = "drop" if following is None else following.step(head)
        if following is not None and step == "rejoin":
            self.say.append(following.action())
        if step != "deliver":
            return None
        self.is_serving = True
        return Skipped(**event_fields(text, Skipped)) if head.type else update_of(text, head.channel, head.kind)

    def _following(self, head: Head) -> Following | None:
        return next((each for each in self._followings.values() if each.takes(head)), None)


def _as(kind: type[T], text: bytes) -> T:
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.MsgspecError as error:
        raise LiveError(f"a message is not as documented ({error}): {text[:200]!r}") from None
