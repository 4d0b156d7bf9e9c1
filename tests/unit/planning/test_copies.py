"""The next act on an instance's copies, and what a backup leaves no place for."""

import pytest

from kumoi.core.copies import DiskCopy
from kumoi.core.ids import ImageId, ProjectId
from kumoi.core.images import Image
from kumoi.planning.backups import surplus
from kumoi.planning.host_diff.copies import CopyAct, next_act

A, B, C = ImageId("a"), ImageId("b"), ImageId("c")


@pytest.mark.parametrize(
    ("wished", "here", "done", "act"),
    [
        ("", "", "", None),
        ("a", "", "", CopyAct("make", A)),
        ("a", "a", "", CopyAct("give", A)),
        ("a", "a", "a", None),
        ("a", "", "a", None),
        ("", "a", "a", CopyAct("drop", A)),
        ("ab", "ac", "", CopyAct("drop", C)),
        ("ba", "", "", CopyAct("make", B)),
        ("ab", "a", "a", CopyAct("make", B)),
    ],
)
def test_one_act_at_a_time_follows_from_what_is_here(wished: str, here: str, done: str, act: CopyAct | None) -> None:
    copies = tuple(DiskCopy(image_id=ImageId(i)) for i in wished)
    assert next_act(copies, {ImageId(i) for i in here}, {ImageId(i) for i in done}) == act


def backup(name: str, at: float, *, protected: bool = False) -> Image:
    return Image(id=ImageId(name), project_id=ProjectId("p"), name=name, created_at=at, protected=protected)


@pytest.mark.parametrize(("rotation", "gone"), [(0, "abc"), (1, "ab"), (2, "a"), (3, ""), (9, "")])
def test_the_oldest_beyond_the_rotation_go(rotation: int, gone: str) -> None:
    assert "".join(i.name for i in surplus([backup("b", 2), backup("c", 3), backup("a", 1)], rotation)) == gone


def test_a_protected_one_stays_and_counts() -> None:
    kept = [backup("a", 1), backup("b", 2, protected=True), backup("c", 3)]
    assert [i.name for i in surplus(kept, 1)] == ["a"]
