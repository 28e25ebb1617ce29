"""The reader's word to its store when the group takes places away."""

from typing import Any

from runtime.settings import KafkaSettings
from schemas.topics import Topic
from sinks.reader import TopicReader


class Client:
    """What librdkafka hands to its callbacks."""

    def __init__(self) -> None:
        self.given_up = False

    def unassign(self) -> None:
        self.given_up = True


def test_places_are_given_up_only_after_the_store_was_heard() -> None:
    reader, client, heard = TopicReader(KafkaSettings(), "127.0.0.1:1", "sink-test", [Topic.TICKS]), Client(), []
    reader.assigned = [(Topic.TICKS, 0)]
    reader.before_revoke = lambda: heard.append((list(reader.assigned), client.given_up))
    given: Any = client
    reader._on_revoke(given, [])
    reader.close()
    assert heard == [([(Topic.TICKS, 0)], False)]
    assert (reader.assigned, client.given_up) == ([], True)
