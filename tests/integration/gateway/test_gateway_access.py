"""Who gets in, as whom, to what and how much of it: a gateway with a key, and clients with good, bad and old tokens."""

import asyncio
import itertools
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.access_support import SECRET, claims, hand_made, token
from tests.gateway_events import trade
from tests.gateway_support import Client, Feeder, Gateway, client_of, running_gateway
from tests.support import eventually

pytestmark = pytest.mark.stack
_names = (f"A{number}-USD" for number in itertools.count())
_users = (f"user{number}" for number in itertools.count())


@pytest.fixture(scope="module")
def gateway(module_line: Any) -> Iterator[Gateway]:
    """With a key, nobody anonymous, and a proxy on this machine that is believed."""
    access = "TICKERPLANT_GATEWAY__ACCESS__"
    env = {
        "HS256_SECRET": SECRET,
        "LEEWAY_S": "0",
        "AUTHENTICATE_WITHIN_S": "2",
        "TRUSTED_PROXIES": '["127.0.0.1"]',
        "CONNECTIONS_PER_ADDRESS": "3",
        "ROLES": '{"bitcoin":["*:BTC-*"]}',
    }
    with running_gateway(module_line, **{access + name: value for name, value in env.items()}) as started:
        yield started


@pytest.fixture
def user() -> str:
    return next(_users)


def bearer(text: str) -> dict[str, Any]:
    return {"additional_headers": {"Authorization": f"Bearer {text}"}}


async def closed_with(client: Client) -> tuple[int, str]:
    with pytest.raises(ConnectionClosed) as closed:
        await client.until("nothing that is ever sent")
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code, closed.value.rcvd.reason


async def authenticate(client: Client, text: str) -> dict[str, Any]:
    """The answer: `authenticated` or an error."""
    await client.send(action="authenticate", token=text, id=1)
    while True:
        message = await client.receive()
        if message.get("type") in ("authenticated", "error"):
            return message


async def test_bad_tokens_are_refused_at_the_handshake_and_others_stay(gateway: Gateway, user: str) -> None:
    cases = {
        token(user, expires_in_s=-1): "token_expired",
        token(user, key="f" * 32): "token_forged",
        hand_made({"alg": "none"}, claims(user)): "token_algorithm",
        token(user, aud="elsewhere"): "token_audience",
        "rubbish": "token_malformed",
    }
    async with client_of(gateway, **bearer(token(user))) as good:
        for text, code in cases.items():
            with pytest.raises(InvalidStatus) as refused:
                await connect(gateway.socket, proxy=None, **bearer(text))
            assert refused.value.response.status_code == 401
            assert refused.value.response.body.decode().startswith(f"{code}: ")
            assert gateway.metric("tickerplant_refused_total", action="connect", reason=code) >= 1
        await good.send(action="ping")
        assert (await good.receive())["type"] == "pong"
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"{gateway.socket}?token={token(user)}", proxy=None)
    assert refused.value.response.status_code == 400


async def test_a_client_says_who_it_is_before_anything_else(gateway: Gateway, user: str) -> None:
    async with client_of(gateway) as client:
        await client.send(action="subscribe", channel="ticks", symbol="BTC-USDT")
        assert (await client.receive())["code"] == "not_authenticated"
        await client.send(action="ping")
        assert (await client.receive())["type"] == "pong"
        assert (await authenticate(client, token(user, expires_in_s=-1)))["code"] == "token_expired"
        answer = await authenticate(client, token(user, tier="free"))
        assert (answer["user"], answer["tier"], answer["limits"]["symbols"], answer["id"]) == (user, "free", 10, 1)
        await client.subscribe("ticks", next(_names))
        assert (await authenticate(client, token("somebody-else")))["code"] == "other_user"


async def test_without_a_token_in_time_and_with_five_bad_ones(gateway: Gateway) -> None:
    async with client_of(gateway) as silent, client_of(gateway) as guessing:
        for _ in range(4):
            assert (await authenticate(guessing, "a.b.c"))["code"] == "token_malformed"
        await guessing.send(action="authenticate", token="a.b.c")
        assert (await closed_with(guessing))[0] == 4401
        assert await closed_with(silent) == (4401, "no token in time")


async def test_connection_ends_with_its_token_unless_it_gets_the_next(gateway: Gateway, user: str) -> None:
    symbol = next(_names)
    async with client_of(gateway, **bearer(token(user, 2))) as old, client_of(gateway, **bearer(token(user, 2))) as renewed:
        await renewed.subscribe("ticks", symbol)
        assert (await authenticate(renewed, token(user, 60)))["type"] == "authenticated"
        assert (await closed_with(old))[0] == 4401
        await renewed.send(action="list", id=2)
        listed = await renewed.until("list")
        assert [each["symbol"] for each in listed["subscriptions"]] == [symbol]


async def test_scopes_and_roles_only_narrow_and_a_narrower_token_ends_what_it_does_not_cover(gateway: Gateway, user: str) -> None:
    async with client_of(gateway, **bearer(token(user, scope="ticks ohlcv:BTC-*"))) as client:
        await client.subscribe("ticks", "ETH-USDT")
        await client.subscribe("ohlcv", "BTC-USDT")
        for channel, symbol in (("ohlcv", "ETH-USDT"), ("signals", "BTC-USDT"), ("ohlcv", "*")):
            await client.send(action="subscribe", channel=channel, symbol=symbol)
            error = await client.until("error")
            assert (error["code"], error["field"]) == ("forbidden", "symbol")
        assert (await authenticate(client, token(user, scope="*", roles=["bitcoin"])))["type"] == "authenticated"
        assert (await client.until("error"))["code"] == "forbidden"
        assert (await client.until("unsubscribed"))["symbol"] == "ETH-USDT"
        await client.send(action="list")
        assert [each["symbol"] for each in (await client.until("list"))["subscriptions"]] == ["BTC-USDT"]


async def test_free_tier_has_ten_symbols_in_all_its_connections(gateway: Gateway, user: str) -> None:
    symbols = [next(_names) for _ in range(12)]
    free = bearer(token(user, tier="free"))
    async with client_of(gateway, **free) as first, client_of(gateway, **free) as second:
        await first.subscribe("ticks", symbols[:6])
        await second.subscribe("ticks", symbols[4:10])
        await second.send(action="subscribe", channel="ohlcv", symbol=symbols[10])
        assert (await second.until("error"))["code"] == "tier_limit"
        await second.send(action="subscribe", channel="ticks", symbol="*")
        assert (await second.until("error"))["code"] == "tier_limit"
        await first.send(action="unsubscribe", channel="ticks", symbol=symbols[:6])
        await first.until("unsubscribed")
        await second.subscribe("ohlcv", symbols[10:])


async def test_connections_of_a_user_and_of_an_address(gateway: Gateway, user: str) -> None:
    forwarded = {"X-Forwarded-For": "198.51.100.7"}
    two = bearer(token(user, tier="free", connections=2))
    async with client_of(gateway, **two), client_of(gateway, **two):
        with pytest.raises(InvalidStatus) as refused:
            await connect(gateway.socket, proxy=None, **two)
        assert refused.value.response.status_code == 429
    eventually(lambda: gateway.metric("tickerplant_clients") == 0)
    headers = {"additional_headers": {**bearer(token(user))["additional_headers"], **forwarded}}
    async with client_of(gateway, **headers), client_of(gateway, **headers), client_of(gateway, **headers):
        with pytest.raises(InvalidStatus) as refused:
            await connect(gateway.socket, proxy=None, **headers)
        assert refused.value.response.status_code == 429
        async with client_of(gateway, **bearer(token(user))):  # from elsewhere
            pass
    eventually(lambda: gateway.metric("tickerplant_clients") == 0)
    async with client_of(gateway, **headers):
        pass


async def test_tier_sets_the_pace_and_nothing_is_lost(gateway: Gateway, feeder: Feeder, user: str) -> None:
    symbol = next(_names)
    async with (
        client_of(gateway, **bearer(token(user, tier="free", messages_per_s=50))) as slow,
        client_of(gateway, **bearer(token())) as fast,
    ):
        await slow.subscribe("ticks", symbol)
        await fast.subscribe("ticks", symbol)
        started_s = time.monotonic()
        for number in range(1, 201):
            feeder.ticks(trade(number, symbol))
        feeder.flush()
        assert [message["source_seq"] for message in await fast.updates(200)] == list(range(1, 201))
        assert [message["source_seq"] for message in await slow.updates(200)] == list(range(1, 201))
        # A second's worth and one batch (all 200 in the worst case) at once, and what is owed then: the next waits for it.
        await slow.send(action="ping")
        await slow.until("pong")
        assert time.monotonic() - started_s > (200 - 50) / 50 - 0.5


async def test_audit_log_says_who_did_what_and_never_a_token(gateway: Gateway, user: str) -> None:
    good, bad = token(user, jti="number-7"), token(user, key="f" * 32)
    async with client_of(gateway, **bearer(good)) as client:
        await client.subscribe("ticks", "BTC-USDT")
        assert (await authenticate(client, bad))["code"] == "token_forged"
    lines = [json.loads(line) for line in gateway.log.read_text().splitlines() if '"audit"' in line]
    mine = [line for line in lines if line.get("user") == f"user:{user}"]
    assert [(line["action"], line["outcome"]) for line in mine] == [
        ("authenticate", "allowed"),
        ("subscribe", "allowed"),
        ("authenticate", "refused"),
    ]
    assert mine[1]["symbol"] == "BTC-USDT"
    assert mine[0]["token_id"] == "number-7"
    text = gateway.log.read_text()
    assert not any(part in text for whole in (good, bad) for part in whole.split("."))
    assert SECRET not in text


async def test_many_attempts_without_a_token_leave_the_others_alone(gateway: Gateway, feeder: Feeder, user: str) -> None:
    symbol = next(_names)

    async def attempts(count: int) -> None:
        for _ in range(count):
            with pytest.raises(InvalidStatus) as refused:
                await connect(gateway.socket, proxy=None, **bearer("x.y.z"))
            assert refused.value.response.status_code == 401

    async with client_of(gateway, **bearer(token(user))) as client:
        await client.subscribe("ticks", symbol)
        flood = [asyncio.create_task(attempts(25)) for _ in range(8)]
        for number in range(1, 101):
            feeder.ticks(trade(number, symbol))
        feeder.flush()
        assert [message["source_seq"] for message in await client.updates(100)] == list(range(1, 101))
        await asyncio.gather(*flood)
    assert gateway.process.poll() is None
