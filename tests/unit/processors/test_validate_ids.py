from processors.validate.ids import MAX_RANGES, MAX_TEXTS, SeenIds


def test_a_run_without_holes_is_one_range() -> None:
    seen = SeenIds()
    assert all(seen.add(number) for number in range(3735683259, 3735683259 + 10_000))
    assert seen.ranges == [[3735683259, 3735683259 + 9_999]]
    assert not seen.add(3735683300)


def test_ranges_grow_join_and_stay_sorted() -> None:
    seen = SeenIds()
    assert [seen.add(number) for number in (10, 14, 12, 5, 13, 11, 9, 13, 4)] == [True] * 7 + [False, True]
    assert seen.ranges == [[4, 5], [9, 14]]


def test_beyond_the_bound_the_lowest_hole_counts_as_seen() -> None:
    seen = SeenIds()
    assert all(seen.add(2 * number) for number in range(MAX_RANGES + 1))
    assert len(seen.ranges) == MAX_RANGES
    assert seen.given_up == 2
    assert not seen.add(1)
    assert seen.add(3)


def test_text_ids_are_forgotten_oldest_first() -> None:
    seen = SeenIds()
    assert seen.add("a")
    assert not seen.add("a")
    assert all(seen.add(f"b{number}") for number in range(MAX_TEXTS))
    assert len(seen.texts) == MAX_TEXTS
    assert seen.add("a")


def test_instances_share_nothing() -> None:
    SeenIds().add(1)
    assert SeenIds().add(1)
