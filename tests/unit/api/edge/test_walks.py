"""Every step and stop of a packet has a sentence in both languages, with the same facts."""

import ast
import string
from collections.abc import Iterator
from pathlib import Path

from kumoi.api.edge.text import say_step
from kumoi.api.edge.texts.walks import WALKS


def facts(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def codes(path: Path) -> Iterator[str]:
    """Of every `Stopped("…")` and `….hop("…")` written out in a file."""
    for node in ast.walk(ast.parse(path.read_text())):
        name = getattr(node.func, "id", getattr(node.func, "attr", "")) if isinstance(node, ast.Call) else ""
        if isinstance(node, ast.Call) and name in {"Stopped", "hop"} and isinstance(node.args[0], ast.Constant):
            yield str(node.args[0].value)


def test_every_code_has_a_sentence_and_every_sentence_a_code(clone: Path) -> None:
    said = {code for path in (clone / "src/kumoi/planning/explain").glob("*.py") for code in codes(path)}
    made_up = {"egress_denied", "ingress_denied", "hidden", "dropped_by_rule"}  # chosen by the code around
    assert said | made_up == WALKS["en"].keys() == WALKS["ja"].keys()
    assert {k: facts(v) for k, v in WALKS["en"].items()} == {k: facts(v) for k, v in WALKS["ja"].items()}


def test_say_step() -> None:
    assert say_step("device_down", {"device": "tap1"}) == "tap1 is down."
    assert say_step("device_down", {"device": "tap1"}, "ja") == "tap1 がダウンしています。"
