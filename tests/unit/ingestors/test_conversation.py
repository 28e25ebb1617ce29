"""What is said on a connection: in order, paced, again when an acknowledgement is lost, and never for ever."""

from collections.abc import Collection
from typing import Any

from ingestors.conversation import ACKNOWLEDGEMENT_S, ATTEMPTS, Conversation
from ingestors.events import WELCOME, Acknowledged, Ping, Refused
from ingestors.session import Request, Session


class Script(Session):
    """One request a symbol, its key the symbol."""

    async def address(self, symbols: Collection[str]) -> str:
        return "ws://venue"

    def subscribe(self, symbols: Collection[str], first: bool) -> list[Request]:
        return [Request(f"+{symbol}", frozenset({symbol})) for symbol in sorted(symbols)]

    def unsubscribe(self, symbols: Collection[str]) -> list[Request]:
        return [Request(f"-{symbol}") for symbol in sorted(symbols)]

    def parse(self, frame: bytes, received_ns: int) -> Any:
        return frame

    def ping(self) -> str:
        return "ping"


def opened(*symbols: str, **more: Any) -> Conversation:
    session = Script()
    for name, value in more.items():
        setattr(session, name, value)
    one = Conversation(session, symbols)
    one.opened(0.0)
    return one


def test_a_provider_that_greets_is_asked_after_its_greeting() -> None:
    one = opened("A", awaits_welcome=True)
    assert one.due(1.0) == []
    one.hear(WELCOME)
    assert one.due(1.0) == ["+A"]
    one.hear(WELCOME)
    assert one.due(2.0) == []


class Guarded(Script):
    """Wants a key first."""

    awaits_welcome = True

    def login(self) -> list[Request]:
        return [Request("key", frozenset({"login"}))]


def test_a_login_comes_before_all_else_and_is_repeated_like_any_request() -> None:
    one = Conversation(Guarded(), ["A"])
    one.opened(0.0)
    one.add(["B"])
    assert one.due(0.0) == []
    one.hear(WELCOME)
    assert one.due(0.0) == ["key"]
    assert one.due(ACKNOWLEDGEMENT_S + 0.1) == ["key"]
    one.hear(Acknowledged(("login",)))
    one.hear(Acknowledged(("login",)))
    assert one.due(10.0) == ["+A", "+B"]
    one.hear(WELCOME)
    assert one.due(10.0) == []
    assert one.waiting() == {"A", "B"}


def test_messages_keep_their_distance() -> None:
    one = opened("A", "B", "C", request_interval_s=0.5)
    assert [one.due(now_s) for now_s in (0.0, 0.4, 0.5, 0.9, 1.0)] == [["+A"], [], ["+B"], [], ["+C"]]


def test_a_lost_acknowledgement_is_asked_for_again_and_then_the_connection_is_given_up() -> None:
    one, now_s = opened("A", "B"), 0.0
    assert one.due(now_s) == ["+A", "+B"]
    one.hear(Acknowledged(("A", "unknown")))
    for _ in range(ATTEMPTS - 1):
        now_s += ACKNOWLEDGEMENT_S + 0.1
        assert one.problem(now_s) == ""
        assert one.due(now_s) == ["+B"]
    assert one.due(now_s + ACKNOWLEDGEMENT_S + 0.1) == []
    assert one.problem(now_s + ACKNOWLEDGEMENT_S + 0.1) == "no acknowledgement of B"


def test_a_refusal_is_an_answer() -> None:
    one = opened("A", "B")
    one.due(0.0)
    one.hear(Refused("B", "not listed"))
    one.hear(Refused("", "bad request"))  # it does not say which: the oldest question
    assert one.waiting() == set()
    assert one.refused == {"B": "not listed", "A": "bad request"}
    assert one.problem(1e9) == ""


def test_symbols_come_and_go() -> None:
    one = opened("A")
    one.due(0.0)
    one.add(["A", "B"])
    one.remove(["A", "Z"])
    assert one.due(1.0) == ["+B", "-A"]
    assert one.symbols == {"B"}
    assert one.waiting() == {"A", "B"}


def test_pings_are_said_and_answered() -> None:
    one = opened(ping_interval_s=10.0)
    assert [one.due(now_s) for now_s in (9.0, 10.0, 15.0, 20.0)] == [[], ["ping"], [], ["ping"]]
    one.hear(Ping('{"pong":7}'))
    assert one.due(20.0) == ['{"pong":7}']
