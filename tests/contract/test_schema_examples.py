"""Every event against its examples: valid and edge ones decode, invalid ones are refused, the generated schemas are fresh, and nothing is lost on the wire.

The examples are the corpus for readers in other languages too; a change that refuses one of the valid or edge ones breaks a reader.
"""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codec import DecodeError, encode
from schemas.topics import Topic
from tickerplant import schema_files
from tickerplant.schema_files import EVENTS, topics_of

EXAMPLES = Path(__file__).parent.parent.parent / "schemas" / "examples"
REQUIRED = {"valid": 1, "edge": 2, "invalid": 3}


def examples(*kinds: str) -> list[Any]:
    found = [path for kind in kinds for path in sorted(EXAMPLES.glob(f"*/{kind}/*.json"))]
    return [pytest.param(path, id=str(path.relative_to(EXAMPLES).with_suffix(""))) for path in found]


def decoder_of(path: Path) -> Any:
    return EVENTS[path.parent.parent.name][1]


@pytest.mark.parametrize("path", examples("valid", "edge"))
def test_decodes_and_loses_nothing(path: Path) -> None:
    event = decoder_of(path)(path.read_bytes())
    assert isinstance(event, EVENTS[path.parent.parent.name][0])
    assert decoder_of(path)(encode(event)) == event


@pytest.mark.parametrize("path", examples("valid"))
def test_valid_ones_say_all_that_they_mean(path: Path) -> None:
    """Every field of a valid example comes out of the decoder as it went in: a misspelt one would be ignored."""
    event = decoder_of(path)(path.read_bytes())
    assert _is_part_of(msgspec.json.decode(path.read_bytes()), msgspec.to_builtins(event))


def _is_part_of(given: Any, whole: Any) -> bool:
    """omit_defaults: a field that has its default value may be absent."""
    if isinstance(given, dict):
        return (
            isinstance(whole, dict)
            and all(_is_part_of(value, whole[name]) for name, value in given.items() if name in whole)
            and (given.keys() - whole.keys() <= _DEFAULTED)
        )
    if isinstance(given, list):
        return len(given) == len(whole) and all(map(_is_part_of, given, whole))
    return bool(given == whole)


_DEFAULTED = {"seq", "quality", "reasons", "primary", "primary_epoch", "filled", "side", "event_time_is_receive"}


@pytest.mark.parametrize("path", examples("invalid"))
def test_is_refused(path: Path) -> None:
    with pytest.raises(DecodeError):
        decoder_of(path)(path.read_bytes())


@pytest.mark.parametrize("name", EVENTS)
@pytest.mark.parametrize("kind", REQUIRED)
def test_each_event_has_examples(name: str, kind: str) -> None:
    assert len(list((EXAMPLES / name / kind).glob("*.json"))) >= REQUIRED[kind]


def test_no_examples_of_unknown_events() -> None:
    assert {path.name for path in EXAMPLES.iterdir()} == set(EVENTS)


def test_schemas_are_fresh() -> None:
    assert schema_files.stale() == [], "run `python -m tickerplant.schema_files`"


def test_stale_schemas_are_found_and_mended(tmp_path: Path) -> None:
    schema_files.write(tmp_path)
    assert schema_files.stale(tmp_path) == []
    (tmp_path / "bar.v1.json").write_text("{}")
    (tmp_path / "old.v0.json").write_text("{}")
    assert schema_files.stale(tmp_path) == ["bar.v1.json", "old.v0.json"]
    schema_files.write(tmp_path)
    assert schema_files.stale(tmp_path) == []


def test_every_topic_with_an_event_has_a_schema() -> None:
    from schemas.codec import EVENTS as BY_TOPIC

    assert {topic for name in EVENTS for topic in topics_of(name)} == set(BY_TOPIC)
    assert topics_of("watermark") == [Topic.TICKS_RAW, Topic.TICKS]


def of_type(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of a Struct's field type that JSON can carry."""
    info = msgspec.inspect.type_info(kind) if not isinstance(kind, msgspec.inspect.Type) else kind
    inspect = msgspec.inspect
    match info:
        case inspect.StructType():
            fields = {field.name: of_type(field.type) for field in info.fields}
            return st.builds(info.cls, **fields)
        case inspect.UnionType():
            return st.one_of([of_type(member) for member in info.types])
        case inspect.LiteralType():
            return st.sampled_from(info.values)
        case inspect.ListType():
            return st.lists(of_type(info.item_type), max_size=4)
        case inspect.VarTupleType():
            return st.lists(of_type(info.item_type), max_size=4).map(tuple)
        case inspect.TupleType():
            return st.tuples(*map(of_type, info.item_types))
        case inspect.DictType():
            return st.dictionaries(of_type(info.key_type), of_type(info.value_type), max_size=4)
        case _:
            return _PLAIN[type(info)]


_PLAIN: dict[type, st.SearchStrategy[Any]] = {
    msgspec.inspect.StrType: st.text(max_size=12),
    msgspec.inspect.IntType: st.integers(-(2**63), 2**63 - 1),
    msgspec.inspect.FloatType: st.floats(allow_nan=False, allow_infinity=False),
    msgspec.inspect.BoolType: st.booleans(),
    msgspec.inspect.BytesType: st.binary(max_size=40),
    msgspec.inspect.NoneType: st.none(),
}


@pytest.mark.parametrize("name", EVENTS)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_what_is_encoded_decodes_to_the_same(name: str, data: st.DataObject) -> None:
    struct, decode = EVENTS[name]
    event = data.draw(of_type(struct))
    assert decode(encode(event)) == event
