"""The gateway's protocol as an AsyncAPI 3.0 document, docs/reference/asyncapi.json: made from the Structs that read and write it, with examples that the
tests parse. `python -m tickerplant.reference` writes it.
"""

import json
from typing import Any

import msgspec

from gateway import event_messages, messages
from gateway.protocol import Action
from gateway.series import Channel
from gateway.urls import SOCKET_PATH, STREAMS_PATH
from tickerplant.asyncapi_examples import ACTIONS, own_messages, updates

_REFERENCES = "#/components/schemas/{name}"
UPDATES: dict[str, Any] = {
    "trade": messages.TradeMessage,
    "quote": messages.QuoteMessage,
    "ohlcv": messages.OhlcvMessage,
    "ohlcv_forming": messages.OhlcvMessage,
    "orderbook": event_messages.OrderBookMessage,
    "indicators": messages.IndicatorsMessage,
    "signals": messages.SignalMessage,
    "alerts": event_messages.AlertMessage,
    "quality": event_messages.QualityMessage,
    "gaps": event_messages.GapMessage,
    "market-summary": event_messages.SummaryMessage,
}


def document() -> str:
    """The whole document as JSON."""
    said = _messages()
    head = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Tickerplant gateway",
            "version": "1",
            "description": "Market data over WebSocket. docs/reference/websocket.md says what the messages mean. Numbers of the market keep the venue's own digits.",
        },
        "defaultContentType": "application/json",
        "servers": {"gateway": {"host": "localhost:8001", "protocol": "ws"}},
        "channels": {
            "socket": _channel(SOCKET_PATH, said),
            "stream": _channel(f"{STREAMS_PATH}{{channel}}/{{symbol}}/{{timeframe}}", said),
        },
        "operations": {
            "listen": {"action": "receive", "channel": {"$ref": "#/channels/socket"}, "messages": _references(said, "action.")},
            "say": {"action": "send", "channel": {"$ref": "#/channels/socket"}, "messages": _references(said, "")},
        },
        "components": {"messages": said, "schemas": _schemas()},
    }
    return json.dumps(head, indent=1) + "\n"


def _channel(address: str, said: dict[str, Any]) -> dict[str, Any]:
    channel: dict[str, Any] = {"address": address, "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in said}}
    if "{" in address:
        channel["parameters"] = {"channel": {"enum": [each.value for each in Channel]}, "symbol": {}, "timeframe": {}}
    return channel


def _references(said: dict[str, Any], beginning: str) -> list[dict[str, str]]:
    """The client's messages, or the gateway's."""
    chosen = [name for name in said if name.startswith("action.") is bool(beginning)]
    return [{"$ref": f"#/channels/socket/messages/{name}"} for name in chosen]


def _messages() -> dict[str, Any]:
    """By name: what a client says as `action.<name>`, updates by their channel, the gateway's own by their type."""
    found: dict[str, Any] = {}
    for struct in Action.__args__:
        name = struct.__struct_config__.tag
        found[f"action.{name}"] = _message(struct, [one for one in ACTIONS if one["action"] == name])
    for name, example in updates().items():
        found[name] = _message(UPDATES[name], [example])
    for example in own_messages():
        found[example["type"]] = {"payload": _guessed(example), "examples": [{"payload": example}]}
    return found


def _message(struct: Any, examples: list[dict[str, Any]]) -> dict[str, Any]:
    return {"payload": {"$ref": _REFERENCES.format(name=struct.__name__)}, "examples": [{"payload": one} for one in examples]}


def _schemas() -> dict[str, Any]:
    _, components = msgspec.json.schema_components([*Action.__args__, *dict.fromkeys(UPDATES.values())], ref_template=_REFERENCES)
    return components


_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}


def _guessed(example: dict[str, Any]) -> dict[str, Any]:
    """The schema of a message that is made field by field: its fields, all of them required."""
    fields = {name: {"type": _TYPES[type(value)]} if value is not None else {} for name, value in example.items()}
    return {"type": "object", "properties": fields | {"type": {"const": example["type"]}}, "required": list(fields)}
