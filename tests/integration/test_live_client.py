"""The Python client against a real gateway: one that is killed under it, one whose tokens end, one that has not kept what was missed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from live import Bar, Message, Refused, Resumed, Selection, Snapshot, Stream, Trade, subscribe
from tests.access_support import SECRET, token
from tests.gateway_events import bar, quote, trade
from tests.gateway_support import Feeder, running_gateway, start_gateway
from tickerplant.stack.ports import free_port

pytestmark = [pytest.mark.stack, pytest.mark.usefixtures("untraced_children")]
WAIT_S = 60


@asynccontextmanager
async def heard(stream: Stream) -> AsyncIterator[tuple[list[Message], Callable[[Callable[[], bool]], Any]]]:
    """What comes, as it comes, and a wait until something holds of it. The stream's own error is the wait's."""
    messages: list[Message] = []

    async def listen() -> None:
        async for message in stream:
            messages.append(message)

    task = asyncio.create_task(listen())

    async def until(is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(WAIT_S):
            while not is_so():
                if task.done():
                    task.result()
                await asyncio.sleep(0.02)

    try:
        yield messages, until
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def of(kind: type, messages: list[Message]) -> list[Any]:
    return [message for message in messages if isinstance(message, kind)]


async def test_gateway_killed_under_the_client_costs_nothing(line: Any) -> None:
    feeder, port = Feeder(line), str(free_port(set()))
    gateway = start_gateway(line, TICKERPLANT_GATEWAY__PORT=port)
    stream = subscribe(gateway.socket, Selection("ticks", ("BTC-USDT", "ETH-USDT")), Selection("ohlcv", "BTC-USDT"))
    async with heard(stream) as (messages, until):
        await until(lambda: len(of(Snapshot, messages)) == 3)
        feed(feeder, 0, 100)
        await until(lambda: len(of(Bar, messages)) == 1)
        feed(feeder, 100, 200)
        gateway.kill()
        feed(feeder, 200, 300)
        with running_gateway(line, TICKERPLANT_GATEWAY__PORT=port):
            feed(feeder, 300, 400)
            await until(lambda: len(of(Bar, messages)) == 4 and len(of(Trade, messages)) == 800)
    for symbol in ("BTC-USDT", "ETH-USDT"):
        assert [each.source_seq for each in of(Trade, messages) if each.symbol == symbol] == list(range(400))
    assert [str(each.price) for each in of(Trade, messages)] == ["61652.00"] * 800
    assert len(of(Resumed, messages)) == 3
    assert [each.recovered for each in of(Snapshot, messages)] == [None] * 3
    assert stream.connections == 2


def feed(feeder: Feeder, first: int, last: int) -> None:
    for number in range(first, last):
        feeder.ticks(trade(number), quote(number))
        feeder.ticks(trade(number, "ETH-USDT"))
    feeder.event(bar(last))
    feeder.flush()


async def test_client_is_told_what_cannot_be_had(line: Any) -> None:
    """The process after the kill reads back only a few records."""
    feeder, port = Feeder(line), str(free_port(set()))
    gateway = start_gateway(line, TICKERPLANT_GATEWAY__PORT=port)
    async with heard(subscribe(gateway.socket, channel="ticks", symbol="BTC-USDT", kind="trade")) as (messages, until):
        await until(lambda: bool(of(Snapshot, messages)))
        feed(feeder, 0, 1)
        await until(lambda: len(of(Trade, messages)) == 1)
        gateway.kill()
        feed(feeder, 1, 400)
        few = {"RESUME_RECORDS": "10", "READ_BACK_RECORDS": "5"}
        with running_gateway(
            line, TICKERPLANT_GATEWAY__PORT=port, **{f"TICKERPLANT_GATEWAY__{name}": value for name, value in few.items()}
        ):
            await until(lambda: len(of(Snapshot, messages)) == 2)
            feed(feeder, 400, 401)
            await until(lambda: len(of(Trade, messages)) == 2)
    lost = of(Snapshot, messages)[1]
    assert (lost.recovered, lost.reason) == (False, "too_far")
    assert [item.source_seq for item in lost.items] == [399]
    assert of(Trade, messages)[1].source_seq == 400


async def test_next_token_keeps_the_connection_and_a_wrong_one_is_told(line: Any) -> None:
    given = list[str]()

    async def next_token() -> str:
        given.append(token(expires_in_s=600 if len(given) > 1 else 4))
        return given[-1]

    feeder = Feeder(line)
    access = {"HS256_SECRET": SECRET, "LEEWAY_S": "30"}
    with running_gateway(line, **{f"TICKERPLANT_GATEWAY__ACCESS__{name}": value for name, value in access.items()}) as gateway:
        with pytest.raises(Refused, match="token_forged"):
            async for _ in subscribe(gateway.socket, channel="ticks", symbol="BTC-USDT", token=token(key="x" * 32)):
                pass
        stream = subscribe(gateway.socket, channel="ticks", symbol="BTC-USDT", token=next_token)
        async with heard(stream) as (messages, until):
            await until(lambda: len(given) == 3)
            feed(feeder, 0, 1)
            await until(lambda: len(of(Trade, messages)) == 1)
        assert stream.connections == 1


async def test_iteration_that_is_left_closes_its_connection(line: Any) -> None:
    with running_gateway(line) as gateway:
        async with subscribe(gateway.socket, channel="gaps") as stream:
            async for _ in stream:
                break
        assert stream.connections == 1
        async with asyncio.timeout(WAIT_S):
            while gateway.metric("tickerplant_clients"):
                await asyncio.sleep(0.02)
