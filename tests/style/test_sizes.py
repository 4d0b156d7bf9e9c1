"""Sizes: what has outgrown the rule is listed in oversize.txt, and the list may only shrink."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

FILE_LINES = 400
FUNCTION_LINES = 40
FORBIDDEN_NAMES = {"utils", "util", "common", "base", "manager", "helpers", "misc"}
OVERSIZE = Path(__file__).parent / "oversize.txt"


def test_nothing_grows_too_big(clone: Path) -> None:
    allowed = dict(read_oversize())
    found = {name: lines for path in sources(clone) for name, lines in too_big(clone, path)}
    grown = [
        f"{name} has {lines} lines, allowed {allowed.get(name, 'less')}"
        for name, lines in found.items()
        if lines > allowed.get(name, 0)
    ]
    shrunk = [
        f"{name} {found.get(name, 'is no longer too big')}: update {OVERSIZE.name}"
        for name, lines in allowed.items()
        if found.get(name, 0) < lines
    ]
    if grown or shrunk:
        pytest.fail("\n".join(grown + shrunk), pytrace=False)


def test_files_are_named_after_what_they_hold(clone: Path) -> None:
    assert [p for p in sources(clone) if p.stem in FORBIDDEN_NAMES] == []


def test_every_room_says_what_belongs_there(clone: Path) -> None:
    silent = [
        path
        for path in (clone / "src").rglob("*.py")
        if path.read_text().strip() and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


def test_every_folder_of_modules_is_a_room(clone: Path) -> None:
    folders = {path.parent for path in (clone / "src" / "kumoi").rglob("*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


def sources(clone: Path) -> list[Path]:
    return [p for room in ("src", "tests") for p in sorted((clone / room).rglob("*.py"))]


def too_big(clone: Path, path: Path) -> Iterator[tuple[str, int]]:
    """The file, if it is too long, and its functions that are; a docstring does not count."""
    text = path.read_text()
    name = str(path.relative_to(clone))
    lines = len(text.splitlines())
    if lines > FILE_LINES:
        yield name, lines
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = length(node)
            if lines > FUNCTION_LINES:
                yield f"{name}:{node.name}", lines


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    if ast.get_docstring(node) is not None:
        doc = node.body[0]
        lines -= (doc.end_lineno or doc.lineno) - doc.lineno + 1
    return lines


def read_oversize() -> Iterator[tuple[str, int]]:
    """(name, lines) of every exception."""
    for line in OVERSIZE.read_text().splitlines():
        if line and not line.startswith("#"):
            name, _, lines = line.rpartition(" ")
            yield name, int(lines)
