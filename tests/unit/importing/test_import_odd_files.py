"""Files that are damaged, odd or left behind: one line that says so, and no row lost without a word."""

import gzip
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from runtime.errors import UserError
from schemas.reasons import Reason
from tickerplant.importing.files import Table
from tickerplant.importing.plan import recipe_of
from tickerplant.importing.reading import Refused, events
from tickerplant.importing.recipe import Options
from tickerplant.importing.scratch import remove_left, sorting_folder
from tickerplant.importing.ticks import Event

T0_MS = 1_700_000_000_000
CSV = ("time,price,size\n" + "".join(f"{T0_MS + number},{number % 977 + 1}.{number % 89},1\n" for number in range(50_000))).encode()
PACKED = gzip.compress(CSV)


def read(path: Path) -> list[Event | Refused]:
    table = Table(path)
    return list(events(table, recipe_of([table], {}, None, Options(symbol="BTC-USDT"))))


def flipped(content: bytes, first: int, last: int) -> bytes:
    return content[:first] + bytes(byte ^ 0xFF for byte in content[first:last]) + content[last:]


def zipped(path: Path, *, is_encrypted: bool = False, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("a.csv", CSV)
    content = bytearray(path.read_bytes())
    if is_encrypted:  # the flag, in front of the member and in the directory
        content[6] |= 1
        content[content.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


def test_damaged_files_are_told_in_one_line(tmp_path: Path) -> None:
    whole = zipped(tmp_path / "whole.zip")
    cases = {
        "cut_head.csv.gz": PACKED[:12],
        "cut_middle.csv.gz": PACKED[: len(PACKED) // 2],
        "bad_head.csv.gz": flipped(PACKED, 12, 60),
        "bad_middle.csv.gz": flipped(PACKED, len(PACKED) // 2, len(PACKED) // 2 + 200),
        "bad_head.zip": flipped(whole, 36, 90),
        "bad_middle.zip": flipped(whole, len(whole) // 2, len(whole) // 2 + 200),
        "encrypted.zip": zipped(tmp_path / "secret.zip", is_encrypted=True),
    }
    for name, content in cases.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UserError, match=r"cannot be read") as caught:
            read(tmp_path / name)
        assert "\n" not in str(caught.value)


def parquet(path: Path, **more: list[object]) -> Path:
    pq.write_table(pa.table({"time": [T0_MS], "price": ["1.5"], "size": ["1"], **more}), path)
    return path


def test_columns_that_nobody_needs_are_not_read(tmp_path: Path) -> None:
    (event,) = read(parquet(tmp_path / "t.parquet", conditions=[[1, 2]], raw=[b"\xff\xfe"]))
    assert isinstance(event, Event)
    assert event.tick is not None
    assert event.at_ns == T0_MS * 10**6


@pytest.mark.parametrize("value", [[1, 2], b"\xff\xfe"])
def test_a_needed_column_that_is_no_text_is_named(tmp_path: Path, value: object) -> None:
    with pytest.raises(UserError, match=r"the column trade_id of .* holds .*; map another one"):
        read(parquet(tmp_path / "t.parquet", trade_id=[value]))


def test_a_damaged_parquet_file_is_told(tmp_path: Path) -> None:
    path = parquet(tmp_path / "t.parquet")
    path.write_bytes(flipped(path.read_bytes(), 4, 60))
    with pytest.raises(UserError, match="cannot be read to its end"):
        read(path)


def test_a_stray_quote_costs_its_own_row_only(tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    rows = [f"{T0_MS + number},1,1,{'x' if number % 1_000 else chr(34) + 'x'}" for number in range(1, 3_501)]
    path.write_text("time,price,size,cond\n" + "\n".join(rows))
    found = read(path)
    refused = [row for row in found if isinstance(row, Refused)]
    assert [event.at_ns // 10**6 - T0_MS for event in found if isinstance(event, Event)] == [n for n in range(1, 3_501) if n % 1_000]
    assert [(str(row.place), row.reason, row.text) for row in refused] == [
        (f"q.csv:{number + 1}", Reason.INVALID_FIELD, rows[number - 1]) for number in (1_000, 2_000, 3_000)
    ]
    assert "quote is opened" in refused[0].detail


def test_quotes_that_close_on_their_line_are_read(tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    path.write_text(f'time,price,size,cond\n"{T0_MS}","1","1","a, ""b"""\n\n{T0_MS},1,1,"never closed')
    good, last = read(path)
    assert isinstance(good, Event)
    assert isinstance(last, Refused)
    assert str(last.place) == "q.csv:4"


def test_what_a_killed_import_was_sorting_is_removed_and_what_is_in_use_is_not(tmp_path: Path) -> None:
    code = (
        "import os, pathlib, sys; from tickerplant.importing.scratch import sorting_folder\n"
        "with sorting_folder(pathlib.Path(sys.argv[1])) as path: (path / '0').write_bytes(b'rows'); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    (left,) = tmp_path.glob("sorting-*")
    with sorting_folder(tmp_path) as used:
        remove_left(tmp_path)
        assert used.is_dir()
        assert not left.exists()
    assert not list(tmp_path.iterdir())
