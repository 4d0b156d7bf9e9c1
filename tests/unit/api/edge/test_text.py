"""Every code that the source can say has a sentence in both languages, with the same facts."""

import ast
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from kumoi.api.edge import errors as edge_errors
from kumoi.api.edge.locale import locale_of
from kumoi.api.edge.sockets import shortened
from kumoi.api.edge.text import say, say_code, say_condition
from kumoi.api.edge.texts import en, ja
from kumoi.api.edge.texts.consoles import CONSOLE_ENDS
from kumoi.core import errors
from kumoi.core.call import Locale
from kumoi.core.conditions import Blocked, Ready, Working
from kumoi.core.consoles import ConsoleCut, ConsoleEnd
from kumoi.core.errors import Invalid, KumoiError, NoCapacity, NotFound, Unauthenticated

TABLES = ["ERRORS", "INVALID", "UNAUTHENTICATED", "CONDITIONS", "KINDS"]
BY_REASON = {"Invalid": "INVALID", "Unauthenticated": "UNAUTHENTICATED"}
BY_CODE = {"Working": "CONDITIONS", "Blocked": "CONDITIONS"}


def facts(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


@pytest.mark.parametrize("table", TABLES)
def test_both_languages_say_the_same_things(table: str) -> None:
    english, japanese = getattr(en, table), getattr(ja, table)
    assert english.keys() == japanese.keys()
    assert {k: facts(v) for k, v in english.items()} == {k: facts(v) for k, v in japanese.items()}


def test_every_error_type_has_a_sentence() -> None:
    kinds = [*vars(errors).values(), *vars(edge_errors).values()]
    codes = {k.code for k in kinds if isinstance(k, type) and issubclass(k, KumoiError)}
    assert codes - {"invalid", "unauthenticated"} - en.ERRORS.keys() == set()


def test_every_reason_and_condition_in_the_source_has_a_sentence(clone: Path) -> None:
    said = {(table, code) for path in (clone / "src").rglob("*.py") for table, code in codes(path)}
    assert [(t, c) for t, c in sorted(said) if c not in getattr(en, t)] == []


@pytest.mark.parametrize(("language", "locale"), [(en, "en"), (ja, "ja")])
def test_every_end_of_a_console_has_a_sentence_that_fits_a_close_frame(language: Any, locale: Locale) -> None:
    ends = CONSOLE_ENDS[locale]
    assert ends.keys() >= {*get_args(ConsoleEnd), *get_args(ConsoleCut)}
    links = {k: v for k, v in language.UNAUTHENTICATED.items() if k.startswith("console_")}
    sentences = [*ends.values(), *links.values()]
    assert [s for s in sentences if shortened(s) != s] == []


def codes(path: Path) -> Iterator[tuple[str, str]]:
    """(table, code) of every `Invalid(reason="…")`, `Working(code="…")` and the like written out in a file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        for keyword in node.keywords:
            table = {"reason": BY_REASON, "code": BY_CODE}.get(keyword.arg or "", {}).get(name)
            if table is not None and isinstance(keyword.value, ast.Constant):
                yield table, str(keyword.value.value)


def test_say() -> None:
    gone = NotFound("compute", kind="instance", id="i-1")
    assert say(gone) == "No instance i-1 was found."
    assert say(gone, "ja") == "インスタンス i-1 は見つかりません。"
    assert say(gone, "en", {"not_found": "The {kind} ID '{id}' does not exist"}) == (
        "The instance ID 'i-1' does not exist"
    )
    assert say(Invalid(field="name", reason="missing")) == "Invalid input: name is required."
    assert say(Unauthenticated(reason="token_expired")) == "The token has expired."


def test_a_range_is_said_in_each_language() -> None:
    error = Invalid(field="name", reason="length", bound="from 1 to 255")
    assert "from 1 to 255" in say(error)
    assert "1〜255" in say(error, "ja")


def test_who_asks_may_have_other_names() -> None:
    error = Invalid(field="memory_mib", reason="wrong_type", expected="int", got="lots")
    assert say(error, names={"memory_mib": "memory", "int": "a number"}) == (
        "Invalid input for memory: a number is expected, not lots."
    )
    full = NoCapacity(hosts=2, dropped=["memory_mib:2"], would_fit=["vcpus:4"])
    assert "dropped by: memory 2; what would fit on the largest: vcpus 4." in say(full, names={"memory_mib": "memory"})


def test_what_has_no_sentence_is_still_told() -> None:
    assert say(Invalid(field="x", reason="odd", most=3)) == "Invalid input for x: odd."
    assert say(NotFound(kind="instance")) == "No instance ? was found."
    assert say_code("odd", {"hosts": ["a", "b"]}) == "odd (hosts: a, b)"


def test_conditions_are_said() -> None:
    assert say_condition(Ready()) == ""
    assert say_condition(Working(code="waiting_for_host")) == "Waiting for a host."
    assert say_condition(Blocked(code="odd", facts={"a": 1}), "ja") == "odd (a: 1)"


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        (None, "en"),
        ("ja", "ja"),
        ("ja-JP,ja;q=0.9,en-US;q=0.8", "ja"),
        ("en-US,en;q=0.9,ja;q=0.8", "en"),
        ("en;q=0.1, ja;q=0.2", "ja"),
        ("fr", "en"),
        ("ja;q=0", "en"),
        ("ja;q=x,,;;q=1", "en"),
    ],
)
def test_language(header: str | None, locale: str) -> None:
    assert locale_of(header) == locale
