"""Tags of projects: what one may be, and what a list asks of them."""

from typing import Final

import msgspec

TAG_MOST: Final = 255
TAGS_MOST: Final = 80


class TagFilter(msgspec.Struct, frozen=True, kw_only=True):
    """None: not asked for."""

    all_of: frozenset[str] | None = None
    any_of: frozenset[str] | None = None
    not_all_of: frozenset[str] | None = None
    not_any_of: frozenset[str] | None = None

    def admits(self, tags: tuple[str, ...]) -> bool:
        held = frozenset(tags)
        return (
            (self.all_of is None or self.all_of <= held)
            and (self.any_of is None or not self.any_of.isdisjoint(held))
            and not (self.not_all_of is not None and self.not_all_of <= held)
            and not (self.not_any_of is not None and not self.not_any_of.isdisjoint(held))
        )


def is_tag(text: str) -> bool:
    return 0 < len(text) <= TAG_MOST and "/" not in text and "," not in text
