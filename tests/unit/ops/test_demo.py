"""The demonstration's parts that need no cloud: its key, its waits, its table."""

import io
import stat
from pathlib import Path

import pytest
from rich.console import Console

from kumoi.ops.client import Client
from kumoi.ops.demo.guest import Guest
from kumoi.ops.demo.key import ensure_key
from kumoi.ops.demo.telling import Teller
from kumoi.ops.demo.waiting import CannotDemo, wait


@pytest.fixture
def told() -> Teller:
    return Teller(Console(file=io.StringIO(), width=100))


def words(told: Teller) -> str:
    assert isinstance(told.console.file, io.StringIO)
    return told.console.file.getvalue()


def test_a_key_is_made_once_and_closed(tmp_path: Path) -> None:
    (tmp_path / ".key.new").write_text("what a killed one left")
    public = ensure_key(tmp_path / "key")
    assert public.startswith("ssh-ed25519 ")
    assert ensure_key(tmp_path / "key") == public
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["key"]


def test_a_broken_key_is_told(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("no key")
    (tmp_path / "key").chmod(0o600)
    with pytest.raises(CannotDemo, match="ssh-keygen"):
        ensure_key(tmp_path / "key")


def test_a_wait_ends_with_what_it_waited_for(told: Teller) -> None:
    answers = iter((None, None, "here"))
    with told.step("guest") as step:
        assert wait(step, lambda: next(answers), lambda: "It boots.", 30) == "here"
    assert words(told).count("guest: It boots.") == 1


def test_a_wait_that_ends_badly_says_why(told: Teller) -> None:
    def late() -> None:
        with told.step("guest") as step:
            wait(step, lambda: None, lambda: "The host is silent.", 0)

    with pytest.raises(CannotDemo, match=r"guest: not within 0 s\. The host is silent\."):
        late()
    assert "✗ guest: failed" in words(told)


def test_the_table_names_every_step(told: Teller) -> None:
    for name in ("image", "server"):
        with told.step(name) as step:
            step.ended("found", f"the {name}")
    told.table()
    table = words(told).splitlines()[-3:]
    assert [row.split()[0] for row in table[:2]] == ["image", "server"]


class Bare(Client):
    """A cloud without servers and flavors."""

    def __init__(self) -> None:
        pass

    def get(self, path: str, **headers: str) -> dict[str, list[str]]:
        return {"servers": [], "flavors": []}


def test_a_flavor_that_is_gone_is_named_with_its_mend(told: Teller) -> None:
    with pytest.raises(CannotDemo, match="flavor create"):
        Guest(Bare(), told).server("image")
