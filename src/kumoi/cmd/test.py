"""`kumoi test`: runs the tests of a clone, kind by kind, and says honestly what was run."""

import itertools
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree

import click

Kind = Literal["unit", "usecase", "machines", "contract", "conformance", "browser", "e2e", "soak"]

FOLDERS: dict[Kind, tuple[str, ...]] = {
    "unit": ("style", "unit"),
    "usecase": ("usecase",),
    "machines": ("machines",),
    "contract": ("contract",),
    "conformance": ("conformance",),
    "browser": ("browser",),
    "e2e": ("e2e",),
    "soak": ("soak",),
}
ALONE: frozenset[Kind] = frozenset({"e2e", "soak"})  # at most two guests boot at once
NO_TESTS = 5  # pytest's exit code


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one kind of tests came to; `code` is pytest's exit code."""

    kind: Kind
    code: int
    tests: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0

    @property
    def word(self) -> str:
        if self.code == NO_TESTS:
            return "none"
        return "ok" if self.code == 0 else "FAILED"


def split(words: tuple[str, ...]) -> tuple[list[Kind], tuple[str, ...]]:
    """The kinds that the first words name, each once, and what is pytest's. No word at all: all."""
    named = list(itertools.takewhile(lambda word: word in {*FOLDERS, "all"}, words))
    kinds = [kind for word in named or ["all"] for kind in kinds_of(word)]
    return list(dict.fromkeys(kinds)), words[len(named) :]


def kinds_of(choice: str) -> list[Kind]:
    """The kinds behind a word of the command line; unit brings the use cases, all leaves out soak."""
    if choice == "all":
        return [kind for kind in FOLDERS if kind != "soak"]
    if choice == "unit":
        return ["unit", "usecase"]
    return [kind for kind in FOLDERS if kind == choice]


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[KIND]... [PYTEST ARGUMENT]...")
def command(words: tuple[str, ...]) -> None:
    """Run the tests: unit, usecase, machines, contract, conformance, browser, e2e, all, or soak.

    Everything but soak without a KIND. What follows the kinds is given to pytest; where paths are among it, only
    these are run.
    """
    kinds, pytest_arguments = split(words)
    clone = Path(os.environ.get("KUMOI_CLONE", ".")).absolute()
    if not (clone / "tests").is_dir():
        raise click.ClickException(f"no tests in {clone}: run it from a clone")
    outcomes = [run(clone, kind, pytest_arguments) for kind in kinds]
    report(outcomes)
    total = sum(outcome.tests for outcome in outcomes)
    bad = [outcome for outcome in outcomes if outcome.code not in {0, NO_TESTS}]
    sys.exit(1 if bad or total == 0 else 0)


def run(clone: Path, kind: Kind, pytest_arguments: tuple[str, ...]) -> Outcome:
    """Run one kind in a pytest of its own."""
    options, places = divided(clone, pytest_arguments)
    folders = [clone / "tests" / name for name in FOLDERS[kind]]
    present = [str(folder) for folder in folders if folder.is_dir()]
    if places:
        present = [p for p in places if any((clone / p).is_relative_to(folder) for folder in folders)]
    if not present:
        return Outcome(kind=kind, code=NO_TESTS)
    workers = "0" if kind in ALONE else "2"
    with tempfile.TemporaryDirectory(prefix="kumoi-test-") as scratch:
        results = Path(scratch) / "results.xml"
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-q", "-n", workers, "--dist", "loadfile"),
                *("--rootdir", str(clone), "-c", str(clone / "pyproject.toml")),
                *("-o", f"cache_dir={scratch}/cache", f"--junitxml={results}"),
                *options,
                *present,
            ],
            cwd=clone,
            env=os.environ | {"HYPOTHESIS_STORAGE_DIRECTORY": f"{scratch}/hypothesis"},
            check=False,
        )
        return counted(kind, done.returncode, results)


def divided(clone: Path, words: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """What is said to pytest, apart from what names tests: files and folders of the clone, `::` and a test behind."""
    paths = {word: clone / word.partition("::")[0] for word in words if not word.startswith("-")}
    places = [word for word, path in paths.items() if clone / "tests" in path.parents and path.exists()]
    return [word for word in words if word not in places], places


def counted(kind: Kind, code: int, results: Path) -> Outcome:
    """Read pytest's own count of a run; a run that left none is failed."""
    if not results.exists():
        return Outcome(kind=kind, code=code or 1)
    suites = list(ElementTree.parse(results).iter("testsuite"))  # noqa: S314 - written by pytest

    def total(name: str) -> int:
        return sum(int(suite.get(name, 0)) for suite in suites)

    return Outcome(
        kind=kind,
        code=code,
        tests=total("tests") - total("skipped"),
        failed=total("failures") + total("errors"),
        skipped=total("skipped"),
        seconds=sum(float(suite.get("time", 0)) for suite in suites),
    )


def report(outcomes: list[Outcome]) -> None:
    """Print a line for each kind: what was run, what failed, what was left out."""
    click.echo()
    for outcome in outcomes:
        click.echo(
            f"{outcome.kind:12} {outcome.word:7} {outcome.tests:5} run {outcome.failed:4} failed "
            f"{outcome.skipped:4} skipped {outcome.seconds:7.1f} s"
        )
