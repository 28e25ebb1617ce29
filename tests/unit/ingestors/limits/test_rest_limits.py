"""What a client makes of a provider's limits: with patience it waits for as long as they last, and nothing fails."""

import httpx
import pytest

from ingestors import rest
from ingestors.rest import RestClient, Trouble
from runtime.errors import TransientError, UserError

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
