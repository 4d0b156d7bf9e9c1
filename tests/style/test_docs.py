"""The pages: links lead somewhere, commands and codes that are named exist, corridors are current."""

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from kumoi.api.edge.texts import en
from kumoi.cmd.main import kumoi

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
COMMAND = re.compile(r"(?:\./|\$\(|`|^\$ )kumoi ([a-z][a-z-]*)", re.MULTILINE)
OPTION = re.compile(r"\./kumoi ([a-z]+)([^`\n|]*)")


def pages(clone: Path) -> Iterator[Path]:
    yield from clone.glob("README*.md")
    yield from (clone / "docs").rglob("*.md")


def test_links_lead_somewhere(clone: Path) -> None:
    broken = [
        f"{page.relative_to(clone)}: {target}"
        for page in pages(clone)
        for target in LINK.findall(page.read_text())
        if "://" not in target and not (page.parent / target.partition("#")[0]).exists()
    ]
    assert broken == []


def test_every_page_is_reached_from_the_readme(clone: Path) -> None:
    reached: set[Path] = set()
    open_pages = [clone / "README.md"]
    while open_pages:
        page = open_pages.pop().resolve()
        if page in reached or page.suffix != ".md" or not page.exists():
            continue
        reached.add(page)
        targets = LINK.findall(page.read_text())
        open_pages += [page.parent / t.partition("#")[0] for t in targets if "://" not in t]
    lost = {p.relative_to(clone).as_posix() for p in pages(clone) if p.resolve() not in reached}
    # Notes are found by their folder, which is linked.
    assert sorted(p for p in lost if not p.startswith("docs/decisions/")) == []


def test_commands_exist(clone: Path) -> None:
    assert isinstance(kumoi, click.Group)
    known = set(kumoi.list_commands(click.Context(kumoi)))
    named = {(page.name, word) for page in pages(clone) for word in COMMAND.findall(page.read_text())}
    assert sorted(f"{page}: kumoi {word}" for page, word in named if word not in known) == []


def test_options_in_the_readme_exist(clone: Path) -> None:
    assert isinstance(kumoi, click.Group)
    context = click.Context(kumoi)
    unknown = []
    for name, rest in OPTION.findall((clone / "README.md").read_text()):
        command = kumoi.get_command(context, name)
        assert command is not None, name
        parts = command.commands.values() if isinstance(command, click.Group) else (command,)
        known = {o for part in (*parts, kumoi) for p in part.params for o in p.opts}
        unknown += [f"{name} {o}" for o in re.findall(r"--[a-z-]+", rest.partition(" -- ")[0]) if o not in known]
    assert unknown == []


def test_both_readmes_show_the_same_commands(clone: Path) -> None:
    def shown(name: str) -> list[str]:
        return re.findall(r"^\$ (.*)$", (clone / name).read_text(), re.MULTILINE)

    assert shown("README.ja.md") == shown("README.md")


def test_conditions_explained_are_conditions(clone: Path) -> None:
    rows = re.findall(r"^\| (`[a-z_]+`.*?) \|", (clone / "docs/why-is-it-not-running.md").read_text(), re.MULTILINE)
    named = {code for row in rows for code in re.findall(r"`([a-z_]+)`", row)}
    assert named <= {*en.CONDITIONS, *en.ERRORS}


def test_corridors_are_current(clone: Path) -> None:
    spec = importlib.util.spec_from_file_location("corridors", clone / "tools/corridors.py")
    assert spec is not None
    assert spec.loader is not None
    corridors = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(corridors)
    if (clone / "docs/corridors.md").read_text() != corridors.page(clone / "src/kumoi"):
        pytest.fail("docs/corridors.md is old: python tools/corridors.py", pytrace=False)
