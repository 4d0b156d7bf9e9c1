"""What every shelf of series does."""

from collections.abc import Callable
from pathlib import Path

from kumoi.adapters.sql.shelf import FILE_NAME, open_shelf
from kumoi.contracts.series import Block, Shelf, Track
from kumoi.core.ids import InstanceId

A, B = InstanceId("a"), InstanceId("b")
CPU = Track(A, "instance", ("cpu.usage", "memory.used"))
DISK = Track(A, "disk/vda", ("disk.read.bytes",))
OTHER = Track(B, "instance", ("cpu.usage",))


def test_a_track_keeps_its_number(another: Callable[[], Shelf]) -> None:
    one, other = another(), another()
    first = one.number([CPU, DISK])
    assert other.number([OTHER, CPU])[CPU] == first[CPU]
    assert len({*first.values(), *one.number([OTHER]).values()}) == 3
    assert other.of(A) == first
    assert other.instances() == {A, B}


def test_numbers_come_in_order_and_in_pages(shelf: Shelf) -> None:
    given = sorted(shelf.number([CPU, DISK, OTHER]).values())
    assert shelf.numbers(0, 2) == given[:2]
    assert shelf.numbers(given[1], 9) == given[2:]


def test_other_meters_are_another_track(shelf: Shelf) -> None:
    older = CPU._replace(meters=("cpu.usage",))
    numbers = shelf.number([CPU, older])
    assert numbers[CPU] != numbers[older]
    assert shelf.of(A) == numbers


def test_a_block_is_found_by_level_start_and_track(another: Callable[[], Shelf]) -> None:
    one, other = another(), another()
    one.put(0, [Block(1, 60, b"a"), Block(2, 60, b"b"), Block(1, 120, bytes(range(256)))])
    one.put(1, [Block(1, 60, b"c")])
    assert set(other.get(0, [60], [1, 2, 3])) == {Block(1, 60, b"a"), Block(2, 60, b"b")}
    assert other.get(0, [0, 120, 180], [1]) == [Block(1, 120, bytes(range(256)))]
    assert other.get(1, [60, 120], [1]) == [Block(1, 60, b"c")]
    assert other.get(0, [60], []) == other.get(0, [], [1]) == []


def test_a_block_put_again_replaces_the_one_before(shelf: Shelf) -> None:
    shelf.put(0, [Block(1, 60, b"a")])
    shelf.put(0, [Block(1, 60, b"b")])
    assert shelf.get(0, [60], [1]) == [Block(1, 60, b"b")]


def test_how_far_an_archive_was_rolled_up_is_remembered(another: Callable[[], Shelf]) -> None:
    one, other = another(), another()
    assert one.rolled(1) is None
    one.set_rolled(1, 600)
    one.set_rolled(1, 1200)
    assert other.rolled(1) == 1200
    assert other.rolled(2) is None


def test_forgotten_is_not_found_and_its_number_is_nobodys(shelf: Shelf) -> None:
    before = shelf.number([CPU, OTHER])
    shelf.forget([A, InstanceId("unknown")])
    assert shelf.of(A) == {}
    assert shelf.instances() == {B}
    again = shelf.number([CPU])[CPU]
    assert again not in before.values()


def test_sweeping_takes_the_old_and_the_forgotten_of_one_start(shelf: Shelf) -> None:
    numbers = shelf.number([CPU, OTHER])
    gone, kept = numbers[CPU], numbers[OTHER]
    for start in (60, 120, 180):
        shelf.put(0, [Block(gone, start, b"x"), Block(kept, start, b"y")])
    shelf.put(1, [Block(kept, 60, b"z")])
    shelf.forget([A])
    shelf.sweep(0, before=120, start=120)
    left = shelf.get(0, [60, 120, 180], [gone, kept])
    assert {(block.start, block.track) for block in left} == {(120, kept), (180, kept), (180, gone)}
    assert shelf.get(1, [60], [kept]) == [Block(kept, 60, b"z")]


def test_a_broken_file_is_put_aside_and_begun_anew(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/kumoi.sqlite"
    shelf = open_shelf(url)
    shelf.number([CPU])
    shelf.close()
    (tmp_path / FILE_NAME).write_bytes(b"\0garbage" * 1000)
    anew = open_shelf(url)
    assert anew.instances() == set()
    anew.number([CPU])
    anew.close()
    assert (tmp_path / FILE_NAME).with_suffix(".broken").exists()
