"""The bench's arithmetic and its table; the measuring itself is no test."""

import os
from pathlib import Path

import msgspec
import pytest

from kumoi.core.errors import NotFound
from kumoi.ops.bench import page
from kumoi.ops.bench.figures import PROMISES, Figure, Promise, verdict
from kumoi.ops.bench.place import Place
from kumoi.ops.meter import Stat, below, parse, snapshot

PLACE = Place(
    date="2026-11-20",
    cores=2,
    processor="P",
    memory_gib=24,
    kernel="6.1",
    accelerator="",
    load=(0.5, 1.5),
    pace_ms=12.0,
)


def test_the_median_judges() -> None:
    promise = Promise(key="a", about="a", unit="ms", most=10)
    assert verdict(promise, Figure(values=(9, 10, 99))) == "met"
    assert verdict(promise, Figure(values=(9, 10.5, 99))) == "missed"
    assert verdict(promise, Figure(values=())) == verdict(promise, None) == "not measured"
    assert verdict(Promise(key="b", about="b", unit="s"), Figure(values=(1,))) == "no target"


def test_every_promise_has_its_row() -> None:
    text = page.table(PLACE, {"token": Figure(values=(0.3, 0.5, 0.4), note="of three")})
    rows = [line for line in text.splitlines() if line.startswith("| ")][1:]
    assert len(rows) == len(PROMISES) == len({p.key for p in PROMISES})
    assert "| token validation: CPU | ≤ 0.40 ms | 0.40 ms | 3 | met | 8.63 ms |" in rows
    assert sum("not measured" in row for row in rows) == len(PROMISES) - 1
    assert "- token validation: CPU: of three" in text


def test_a_miss_is_said(tmp_path: Path) -> None:
    assert "**missed**" in page.table(PLACE, {"token": Figure(values=(0.5,))})
    rows = msgspec.json.decode(page.as_json(PLACE, {"token": Figure(values=(0.5, 0.7))}))["rows"]
    assert [(r["key"], r["median"], r["verdict"]) for r in rows] == [("token", pytest.approx(0.6), "missed")]


def test_only_what_is_between_the_marks_is_written(tmp_path: Path) -> None:
    there = tmp_path / "promises.md"
    there.write_text(f"before\n{page.BEGIN}\nold\n{page.END}\nafter\n")
    page.write(there, "new")
    assert there.read_text() == f"before\n{page.BEGIN}\n\nnew\n\n{page.END}\nafter\n"
    there.write_text("no marks")
    with pytest.raises(NotFound):
        page.write(there, "new")


@pytest.mark.parametrize(
    ("value", "said"), [(0.375, "0.38"), (3, "3"), (16.44, "16.4"), (1234.5, "1,234"), (99.96, "100.0")]
)
def test_numbers_are_short(value: float, said: str) -> None:
    assert page.number(value) == said


def test_a_process_is_read_whatever_its_name_is() -> None:
    fields = "S 7 1 1 0 -1 0 0 0 0 0 11 12 13 14 20 0 1 0 4242 0"
    assert parse(f"99 (a) b (c) {fields}\n") == Stat(pid=99, name="a) b (c", parent=7, ticks=50, started=4242)
    assert os.getpid() in {stat.pid for stat in snapshot()}


def test_descendants_are_counted_once_and_guests_not() -> None:
    def stat(pid: int, parent: int, name: str = "kumoi") -> Stat:
        return Stat(pid=pid, name=name, parent=parent, ticks=1, started=0)

    everybody = [stat(1, 0), stat(2, 1), stat(3, 2), stat(4, 2, "qemu-system-x86"), stat(5, 4), stat(9, 8)]
    assert {s.pid for s in below({1, 2, 77}, everybody)} == {1, 2, 3}
