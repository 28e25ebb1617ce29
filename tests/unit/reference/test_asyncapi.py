"""The protocol's document: every example is said and understood by the gateway's own code, and everything in it refers to something."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.protocol import Selection, parse
from gateway.selector import Selector
from gateway.series import Channel
from tickerplant import asyncapi
from tickerplant.asyncapi_examples import ACTIONS, own_messages, updates

DOCUMENT = json.loads(asyncapi.document())


@pytest.mark.parametrize("example", ACTIONS, ids=lambda one: "-".join(map(str, list(one.values())[:3])))
def test_gateway_understands_each_action(example: dict[str, Any]) -> None:
    action = parse(json.dumps(example))
    if isinstance(action, Selection):
        assert Selector.of(action).channel == example["channel"]


def test_every_channel_and_type_has_an_example() -> None:
    made = updates()
    assert made.keys() == asyncapi.UPDATES.keys()
    assert {message["channel"] for message in made.values()} == set(Channel)
    assert {message["type"] for message in own_messages()} >= {"status", "error", "snapshot", "resumed", "skipped", "authenticated"}
    assert all(message["examples"] for message in DOCUMENT["components"]["messages"].values())


def test_every_field_of_an_update_is_in_its_schema() -> None:
    for name, message in updates().items():
        assert message.keys() == DOCUMENT["components"]["schemas"][asyncapi.UPDATES[name].__name__]["properties"].keys()


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"]
        for each in part.values():
            yield from references(each)
    elif isinstance(part, list):
        for each in part:
            yield from references(each)


def test_every_reference_leads_somewhere() -> None:
    found = set(references(DOCUMENT))
    assert len(found) > 30
    for reference in found:
        place = DOCUMENT
        for word in reference.removeprefix("#/").split("/"):
            place = place[word]
