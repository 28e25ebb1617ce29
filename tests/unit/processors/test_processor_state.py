import msgspec
import pytest

from processors.decoding import decoded
from processors.state import Series
from runtime.errors import FatalError, InvalidRecord
from schemas.codec import decode_ticks


class Counted(msgspec.Struct, array_like=True):
    number: int


def test_only_touched_series_are_encoded_anew() -> None:
    series: Series[Counted] = Series()
    series["a", "x"] = Counted(1)
    series["b", "x"] = Counted(2)
    series.touch_all([("a", "x"), ("b", "x")])
    series.pack()
    series["a", "x"].number = 10
    series["b", "x"].number = 20
    series.touch(("b", "x"))
    other: Series[Counted] = Series()
    assert other.unpack(series.pack(version=3), Counted) == {"version": 3}
    assert dict(other) == {("a", "x"): Counted(1), ("b", "x"): Counted(20)}


def test_a_restored_store_packs_the_same_bytes() -> None:
    series: Series[Counted] = Series()
    series["a", "x"] = Counted(1)
    series.touch(("a", "x"))
    packed = series.pack(watermark=7)
    other: Series[Counted] = Series()
    assert other.pack(**other.unpack(packed, Counted)) == packed


@pytest.mark.parametrize("snapshot", [b"", b"\xc0", b"\x81", msgspec.msgpack.encode({"more": {}, "series": [[["a"], ["no number"]]]})])
def test_what_is_no_snapshot_stops_the_stage(snapshot: bytes) -> None:
    with pytest.raises(FatalError):
        Series[Counted]().unpack(snapshot, Counted)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"", "undecodable"),
        (b"{", "undecodable"),
        (b"\xff", "undecodable"),
        (b'{"type":"ticks","source":"\xff","ts_receive_ns":1,"ticks":[]}', "undecodable"),
        (b'{"z":' + b"[" * 100_000, "undecodable"),
        (b"null", "invalid_schema"),
        (b"{}", "invalid_schema"),
        (b'{"type":"ticks","source":"a","ts_receive_ns":1,"ticks":[{"kind":"trade"}]}', "invalid_schema"),
    ],
)
def test_bytes_that_are_not_the_event(value: bytes, reason: str) -> None:
    with pytest.raises(InvalidRecord) as caught:
        decoded(decode_ticks, value)
    assert caught.value.reason == reason
