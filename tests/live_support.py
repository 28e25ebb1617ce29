"""For tests of the clients: every message that the protocol's document shows."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

DOCUMENT = json.loads((Path(__file__).parents[1] / "docs/reference/asyncapi.json").read_text(), parse_float=Decimal)
EXAMPLES = {
    name: example["payload"]
    for name, message in DOCUMENT["components"]["messages"].items()
    for example in message["examples"]
    if not name.startswith("action.")
}


def text_of(payload: Any) -> bytes:
    """As the gateway writes it: decimals are JSON numbers with their own digits."""
    return msgspec.json.Encoder(decimal_format="number").encode(payload)
