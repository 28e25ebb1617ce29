"""What was fetched, on disk: whatever moment a kill cuts it at, whole pages are left and the next one follows them."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from schemas.ticks import Trade
from tickerplant.backfill.past import Page
from tickerplant.backfill.spool import Spool
from tickerplant.importing.ticks import Event


def event(number: int, at_ns: int) -> Event:
    return Event(at_ns, "past", Trade("BTC-USDT", "1.50", "2", at_ns, at_ns, number))


PAGES = [
    Page([event(1, 10), event(2, 12), event(3, 11)], 4, 12),  # the venue dates its third trade before its second
    Page([], 4, 20),
    Page([event(4, 30)], None, 40),
]


def written(path: Path) -> list[int]:
    """Bytes after each page."""
    spool, sizes = Spool(path), list[int]()
    for page in PAGES:
        spool.append(page)
        sizes.append(path.stat().st_size)
    return sizes


def test_pages_are_read_back_in_order_of_time(tmp_path: Path) -> None:
    written(tmp_path / "pages")
    spool = Spool(tmp_path / "pages")
    assert (spool.rows, spool.next, spool.reached_ns, spool.complete, spool.first_ns, spool.last_ns) == (4, None, 40, True, 10, 30)
    found = list(spool.events())
    assert [(one.at_ns, one.tick.trade_id, one.tick.ts_event_ns) for one in found if isinstance(one.tick, Trade)] == [
        (10, 1, 10), (12, 2, 12), (12, 3, 11), (30, 4, 30),
    ]  # fmt: skip
    spool.remove()
    assert Spool(tmp_path / "pages").rows == 0


@given(cut=st.integers(0, 400))
def test_a_torn_page_is_cut_away_and_fetched_again(tmp_path_factory: object, cut: int) -> None:
    path = tmp_path_factory.mktemp("spool") / "pages"  # type: ignore[attr-defined]
    sizes = written(path)
    with path.open("r+b") as file:
        file.truncate(min(cut, sizes[-1]))
    whole = sum(size <= cut for size in sizes)
    spool = Spool(path)
    assert path.stat().st_size == ([0, *sizes][whole])
    assert spool.next == (None if whole in (0, 3) else 4)
    for page in PAGES[whole:]:
        spool.append(page)
    assert (Spool(path).rows, Spool(path).complete) == (4, True)
    assert len(list(spool.events())) == 4
