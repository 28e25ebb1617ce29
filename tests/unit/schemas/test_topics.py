"""The table of topics is whole and consistent."""

from schemas.codec import EVENTS
from schemas.reasons import CATALOGUE, Reason
from schemas.topics import SPECS, Topic


def test_every_topic_is_specified() -> None:
    assert set(SPECS) == set(Topic)


def test_only_state_topics_are_compacted_and_they_and_what_operators_ask_for_are_kept_for_ever() -> None:
    """Faust never commits on a compacted topic with holes, so no stage may read one."""
    for topic, spec in SPECS.items():
        assert spec.compacted == topic.startswith("market.state.")
        assert (spec.retention_ms == -1) == (spec.compacted or topic in (Topic.CONTROL, Topic.SOURCES))


def test_every_event_topic_names_its_event() -> None:
    assert all(topic in SPECS for topic in EVENTS)


def test_every_reason_has_a_meaning_a_weight_and_an_example() -> None:
    assert set(CATALOGUE) == set(Reason)
    assert all(spec.meaning and spec.example and 0 <= spec.weight <= 1 for spec in CATALOGUE.values())
