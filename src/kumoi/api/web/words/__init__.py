"""What the dashboard says, in both languages side by side: `"close": ("Close", "閉じる")`. One table a page.

A page's words are in its own file (`WORDS`), those of every page in `words/shell.py`. Refusals and conditions are not
here: they are the whole cloud's, in api/edge/texts.
"""

from collections.abc import Mapping
from typing import Any, Final

from kumoi.core.call import Locale

Pair = tuple[str, str]
Table = Mapping[str, Pair]
_PLACE: Final[Mapping[Locale, int]] = {"en": 0, "ja": 1}


class Words:
    """All tables by the name of their page: `keypairs.title`, and `close` for the shell's own. Immutable."""

    def __init__(self, shell: Table, pages: Mapping[str, Table]) -> None:
        self._pairs: dict[str, Pair] = dict(shell)
        for page, table in pages.items():
            self._pairs |= {f"{page}.{key}": pair for key, pair in table.items()}

    def say(self, locale: Locale, key: str, /, **facts: Any) -> str:
        """KeyError for a word that is in no table: a test finds it before a user does."""
        text = self._pairs[key][_PLACE[locale]]
        return text.format(**facts) if facts else text

    def knows(self, key: str) -> bool:
        return key in self._pairs

    def items(self) -> Mapping[str, Pair]:
        return self._pairs
