"""How messages are written: numbers or strings, JSON or MessagePack, compressed or not, as a client asks for it."""

import json
from typing import Any

import msgspec
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.gateway_events import bar, trade
from tests.gateway_support import Client, Feeder, Gateway, client_of

pytestmark = pytest.mark.stack


async def test_two_encodings_of_one_message(gateway: Gateway, feeder: Feeder, client: Client, symbol: str) -> None:
    async with client_of(gateway) as other:
        await client.subscribe("ticks", symbol)
        await other.subscribe("ticks", symbol, numbers="string")
        feeder.ticks(trade(1, symbol, price="61652.00"))
        feeder.flush()
        raw = await client.connection.recv()
        assert '"price":61652.00,' in str(raw)
        assert (await other.until("update"))["price"] == "61652.00"


async def test_messagepack_and_compression_on_request(gateway: Gateway, feeder: Feeder, symbol: str) -> None:
    for query, compression in (
        ("encoding=msgpack", None),
        ("encoding=msgpack&compression=deflate", "deflate"),
        ("compression=deflate", "deflate"),
    ):
        async with connect(f"{gateway.socket}?{query}", proxy=None, compression=compression) as connection:
            is_packed = "msgpack" in query
            assert [extension.name for extension in connection.protocol.extensions] == (["permessage-deflate"] if compression else [])

            async def receive(connection: Any = connection, is_packed: bool = is_packed) -> dict[str, Any]:
                data = await connection.recv()
                assert isinstance(data, bytes) is is_packed
                message: dict[str, Any] = msgspec.msgpack.decode(data) if isinstance(data, bytes) else json.loads(data)
                return message

            assert (await receive())["type"] == "status"
            action = {"action": "subscribe", "channel": "ohlcv", "symbol": symbol}
            await connection.send(msgspec.msgpack.encode(action) if is_packed else json.dumps(action))
            assert [(await receive())["type"] for _ in range(2)] == ["subscribed", "snapshot"]
            for minute in range(3):
                feeder.event(bar(minute, symbol))
            feeder.flush()
            found = [await receive() for _ in range(3)]
            assert [message["close"] for message in found] == (["61717.63"] * 3 if is_packed else [61717.63] * 3)
    async with connect(gateway.socket, proxy=None) as browser:  # browsers offer compression always; nobody asked for it here
        assert browser.protocol.extensions == []
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"{gateway.socket}?encoding=xml", proxy=None)
    assert refused.value.response.status_code == 400
