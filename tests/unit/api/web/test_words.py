"""The dashboard says everything in both languages, and nothing that no table has."""

import re
import string
from pathlib import Path
from typing import get_args

from kumoi.api.web.tongue import words
from kumoi.app.instances.acting import Act

USED = re.compile(r"""\b(?:t|say)\(\s*(?:request,\s*)?["']([a-z_.]+)["'](\s*~)?""")
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
# Names and figures, which are the same everywhere.
SAME = re.compile(r"[A-Za-z0-9 .,:/{}()+·→%&’-]*")


def test_every_word_is_there_in_both_languages() -> None:
    for key, (english, japanese) in words().items().items():
        assert english.strip(), key
        assert japanese.strip(), key
        assert JAPANESE.search(japanese) or SAME.fullmatch(japanese), key
        assert key.endswith("other_language") or not JAPANESE.search(english), key


def test_both_languages_take_the_same_facts() -> None:
    def places(text: str) -> set[str | None]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}

    assert [key for key, (en, ja) in words().items().items() if places(en) != places(ja)] == []


def test_every_word_that_is_used_is_in_a_table(clone: Path) -> None:
    known = words()
    folder = clone / "src/kumoi/api/web"
    used = {
        (path.name, key)
        for path in [*folder.rglob("*.html"), *folder.rglob("*.py"), *(folder / "assets/script").glob("*.js")]
        for key, goes_on in USED.findall(path.read_text())
        if not goes_on
    }
    assert sorted(f"{name}: {key}" for name, key in used if not known.knows(key)) == []
    assert len(used) > 50


def test_nothing_but_tables_speaks(clone: Path) -> None:
    """A sentence that stands in a template is in one language only. What stands on a key is the same everywhere."""
    template = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
    keys = re.compile(r"<button[^>]* data-key=.*?</button>")
    markup = re.compile(r"<svg.*?</svg>|<[^>]*>|&\w+;|[\w:-]+=\"[^\"]*\"|[\s·×*:()/,.–—-]+", re.DOTALL)
    spoken = {
        path.name: text
        for path in (clone / "src/kumoi/api/web/templates").rglob("*.html")
        if (text := markup.sub("", keys.sub("", template.sub("", path.read_text()))))
    }
    assert spoken == {}


def test_whatever_happens_to_an_instance_has_a_word(clone: Path) -> None:
    """Doors spell what they record; acts that share a door have theirs by name."""
    acts = [act.removeprefix("hard_") for act in get_args(Act)]
    doors = [path.read_text() for path in (clone / "src/kumoi/app").rglob("*.py")]
    told = {verb for text in doors for verb in re.findall(r'record\([^)]*?"instance\.([a-z_]+)"', text)} | {*acts}
    assert [verb for verb in sorted(told) if not words().knows(f"instance.event.{verb}")] == []
    assert len(told) > len(acts) + 10
