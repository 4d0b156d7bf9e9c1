"""Sub-ids: a range that nobody has."""

from kumoi.adapters.linux.account import free_range


def test_the_first_range_where_none_is_taken() -> None:
    assert free_range(["", ""]) == 100_000


def test_a_gap_is_used_and_both_tables_count() -> None:
    subuid = "a:100000:65536\nb:300000:65536\n"
    assert free_range([subuid, ""]) == 165_536
    assert free_range([subuid, "c:165536:65536\n"]) == 231_072
    assert free_range([subuid, "c:165536:100000\n"]) == 365_536


def test_a_broken_line_is_passed_over() -> None:
    assert free_range(["what\na:b:c\n# x\n"]) == 100_000
