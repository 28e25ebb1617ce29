"""COPY text: what is written is what PostgreSQL will read."""

import re

from hypothesis import given
from hypothesis import strategies as st

from sinks.timescale.text import array, encoded, escaped, joined, row, timestamp

_UNESCAPES = {"\\\\": "\\", "\\t": "\t", "\\n": "\n", "\\r": "\r"}


def unescaped(text: str) -> str:
    return re.sub(r"\\[\\tnr]", lambda match: _UNESCAPES[match[0]], text)


@given(st.text())
def test_an_escaped_field_holds_no_separator_and_reads_back(text: str) -> None:
    field = escaped(text)
    assert not set(field) & {"\t", "\n", "\r"}
    assert unescaped(field) == text


def test_a_row_of_every_type() -> None:
    values = ("a\tb", 7, 0.1, True, None, ("late", "x y"), {"b": 1, "a": "\n"})
    assert row(values) == b'a\\tb\t7\t0.1\tt\t\\N\t{late,"x y"}\t{"a":"\\\\n","b":1}\n'


def test_array_elements_that_need_quotes() -> None:
    assert array(()) == "{}"
    assert array(("null", "", 'a"b')) == '{"null","","a\\\\"b"}'


def test_time_is_cut_to_microseconds_never_rounded() -> None:
    assert timestamp(1_723_161_599_999_999_999) == "2024-08-08 23:59:59.999999+00"
    assert timestamp(-1) == "1969-12-31 23:59:59.999999+00"


def test_a_time_that_no_calendar_has_is_left_to_the_server_to_refuse() -> None:
    assert timestamp(10**30).startswith("year ")


def test_a_lone_surrogate_does_not_stop_the_batch() -> None:
    assert encoded("a\ud800") == b"a\xed\xa0\x80"


@given(st.lists(st.binary(min_size=1, max_size=9)), st.integers(1, 20))
def test_pieces_are_the_same_text_and_never_much_longer_than_asked(text: list[bytes], piece_bytes: int) -> None:
    pieces = list(joined(text, piece_bytes))
    assert b"".join(pieces) == b"".join(text)
    assert all(piece_bytes <= len(piece) < piece_bytes + 9 for piece in pieces[:-1])
