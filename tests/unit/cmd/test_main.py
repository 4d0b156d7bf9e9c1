"""The command line's entrance: which commands there are, and where --state may stand."""

import click
import pytest

from kumoi.cmd.main import SECTIONS, Commands, kumoi, state_first


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (["up"], ["up"]),
        (["up", "--state", "/x", "--simulate"], ["--state", "/x", "up", "--simulate"]),
        (["--state", "/x", "up"], ["--state", "/x", "up"]),
        (["up", "--state=/x"], ["--state=/x", "up"]),
        (["exec", "h", "--", "ls", "--state", "/x"], ["exec", "h", "--", "ls", "--state", "/x"]),
        (["up", "--state"], ["up", "--state"]),
    ],
)
def test_state_may_stand_anywhere_before_the_dashes(given: list[str], meant: list[str]) -> None:
    assert state_first(given) == meant


def test_commands_are_found_by_name() -> None:
    assert isinstance(kumoi, Commands)
    context = click.Context(kumoi)
    for name in ("test", "doctor", "image"):
        assert isinstance(kumoi.get_command(context, name), click.Command)
    assert kumoi.get_command(context, "no-such-command") is None


def test_a_name_stands_in_one_section() -> None:
    names = [name for section in SECTIONS.values() for name in section]
    assert len(names) == len(set(names))
