"""What a client makes of a provider's limits: with patience it waits for as long as they last, and nothing fails."""

import asyncio
import gzip
from contextlib import suppress

import httpx
import pytest

from ingestors import rest
from ingestors.limits import gates
from ingestors.limits.gates import Gates
from ingestors.rest import RestClient, Trouble
from runtime import metrics
from runtime.clock import SystemClock
from runtime.errors import TransientError, UserError
from runtime.settings.limits import MAX_ANSWER_BYTES, LimitSettings
from schemas.reasons import Reason

HIDDEN = {"error": "rate limit"}


def client(answers: list[httpx.Response], patience_s: float | None) -> tuple[RestClient, list[httpx.Request]]:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return answers.pop(0)

    def judge(status: int, body: bytes) -> Trouble | None:
        return Trouble("limited", "rate limit", 0.01) if b"rate limit" in body else None

    made = RestClient("http://provider", "ingest.nobody", "nobody", judge, transport=httpx.MockTransport(answer), patience_s=patience_s)
    return made, asked


async def test_a_patient_client_waits_for_any_number_of_limits_by_status_or_in_a_body(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "_SAID_NO_S", 0.001)
    limited = [httpx.Response(429, headers={"Retry-After": "0"}), httpx.Response(200, json=HIDDEN), httpx.Response(418)]
    limited[2].headers["Retry-After"] = "0.01"
    asking, asked = client([*limited, *limited, httpx.Response(200, text="fine")], None)
    assert await asking.get("/quote") == b"fine"
    assert len(asked) == 7


async def test_a_patient_client_gives_an_outage_up_all_the_same() -> None:
    asking, asked = client([httpx.Response(503)] * 4, None)
    with pytest.raises(TransientError, match="503"):
        await asking.get("/quote")
    assert len(asked) == 4


async def test_a_live_feed_does_not_wait_for_long_and_asks_nothing_meanwhile() -> None:
    asking, asked = client([httpx.Response(429, headers={"Retry-After": "60"})], 2.0)
    with pytest.raises(TransientError, match="no question for 60 s"):
        await asking.get("/quote")
    with pytest.raises(TransientError, match="wants no question for"):
        await asking.get("/quote")
    assert len(asked) == 1


def refusing(answers: list[httpx.Response]) -> RestClient:
    """At a provider that says everything in one form."""
    transport = httpx.MockTransport(lambda request: answers.pop(0))
    judge = lambda status, body: None if status == 200 else Trouble("refused", body.decode())  # noqa: E731
    return RestClient("http://provider", "ingest.nobody", "nobody.api_key", judge, transport=transport, key="s3cret")


@pytest.mark.parametrize("status", [500, 503, 408])
async def test_a_failure_that_is_said_in_the_form_of_a_refusal_is_none(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal means that there is nothing to get: a hole would be given up whose trades are there a minute later."""
    monkeypatch.setattr(rest, "_SAID_NO_S", 0.001)
    asking = refusing([httpx.Response(status, text="Internal server error"), httpx.Response(200, text="fine")])
    assert await asking.get("/trades") == b"fine"
    with pytest.raises(TransientError, match=f"HTTP {status} Internal"):
        await refusing([httpx.Response(status, text="Internal server error")] * 4).get("/trades")


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_a_refusal_never_shows_the_key(status: int) -> None:
    with pytest.raises(UserError, match=r"no plan for \*\*\* here; check nobody.api_key") as caught:
        await refusing([httpx.Response(status, text="no plan for s3cret here")]).get("/trades")
    assert "s3cret" not in str(caught.value)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process whose settings let 70,000 bytes in."""
    told = LimitSettings(max_answer_bytes=70_000)
    monkeypatch.setattr(gates, "_of_process", Gates(SystemClock(), told.budgets, None, told.max_answer_bytes))


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("packed", [False, True])
async def test_an_answer_that_is_too_large_is_given_up_and_counted(packed: bool) -> None:
    body, headers = b"x" * 70_001, {"Content-Encoding": "gzip"} if packed else {}
    dropped = metrics.DROPPED.labels("ingest.nobody", Reason.ANSWER_TOO_LARGE)
    before = dropped._value.get()
    asking, asked = client([httpx.Response(200, headers=headers, content=gzip.compress(body) if packed else body)], None)
    with pytest.raises(TransientError, match=r"http://provider/quote: the answer has more than 70000 bytes \(limits.max_answer_bytes\)"):
        await asking.get("/quote")
    assert (len(asked), dropped._value.get() - before) == (1, 1)


@pytest.mark.usefixtures("small")
async def test_an_answer_that_just_fits_is_taken_and_a_large_page_of_an_outage_is_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "_SAID_NO_S", 0.001)
    asking, _ = client([httpx.Response(503, content=b"x" * 200_000), httpx.Response(200, content=b"y" * 70_000)], None)
    assert await asking.get("/quote") == b"y" * 70_000
    asking, _ = client([httpx.Response(404, content=b"z" * 200_000)], None)
    with pytest.raises(UserError, match="HTTP 404 zzz"):
        await asking.get("/quote")


async def test_endless_answers_are_not_read_to_their_end() -> None:
    """Of a real socket: the provider notices that nobody reads."""
    sent = 0

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        with suppress(OSError):
            while True:
                writer.write(b"x" * 65_536)
                sent += 65_536
                await writer.drain()

    server = await asyncio.start_server(endless, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    asking = RestClient(url, "ingest.nobody", "nobody")
    with pytest.raises(TransientError, match=f"more than {MAX_ANSWER_BYTES} bytes"):
        await asking.get("/quote")
    await asking.close()
    server.close()
    assert sent < 2 * MAX_ANSWER_BYTES
