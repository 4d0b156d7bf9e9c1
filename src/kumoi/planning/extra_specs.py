"""Whether a host is what a flavor's extra specs ask for: what aggregates say of it, its traits, its further resources.
Pure. Nova's words and operators."""

import operator
from collections.abc import Callable, Mapping, Set
from typing import Final

from kumoi.core.resource_classes import COUNTED

SCOPE: Final = "aggregate_instance_extra_specs"
ABSENT: Final[frozenset[str]] = frozenset()
_NUMBERS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "=": operator.ge, "==": operator.eq, "!=": operator.ne, ">=": operator.ge, "<=": operator.le,
}  # fmt: skip
_TEXTS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "s==": operator.eq, "s!=": operator.ne, "s<": operator.lt, "s<=": operator.le, "s>": operator.gt,
    "s>=": operator.ge, "<in>": operator.contains,
}  # fmt: skip


def meets(specs: Mapping[str, str], said: Mapping[str, Set[str]]) -> bool:
    """Every spec that is about aggregates (in their scope, or in none) must fit one of the values of its key."""
    for name, wanted in specs.items():
        scope, colon, key = name.partition(":")
        if colon and scope != SCOPE:
            continue
        if not any(fits(value, wanted) for value in said.get(key if colon else name, ABSENT)):
            return False
    return True


def resources_in(specs: Mapping[str, str]) -> dict[str, int]:
    """`resources:CUSTOM_GPU` 1: so much of a class that hosts have not by themselves."""
    found: dict[str, int] = {}
    for name, amount in specs.items():
        scope, _, key = name.partition(":")
        if scope == "resources" and key not in COUNTED and amount.isdecimal() and int(amount):
            found[key] = int(amount)
    return found


def suits(specs: Mapping[str, str], traits: Set[str]) -> bool:
    """`trait:CUSTOM_QUIET` required or forbidden."""
    for name, wanted in specs.items():
        scope, _, trait = name.partition(":")
        if scope == "trait" and wanted in {"required", "forbidden"} and (trait in traits) != (wanted == "required"):
            return False
    return True


def fits(value: str, wanted: str) -> bool:
    """`<or> ssd <or> nvme`, `>= 4`, `s== x`, `<all-in> aes avx`; without an operator, the same text."""
    word, _, rest = wanted.strip().partition(" ")
    words = rest.split()
    if word == "<or>":
        return value in words[::2]
    if word == "<all-in>":
        return bool(words) and all(one in value for one in words)
    if word in _TEXTS:
        return bool(words) and _TEXTS[word](value, words[0])
    if word in _NUMBERS:
        number, bound = _number(value), _number(words[0] if words else "")
        return number is not None and bound is not None and _NUMBERS[word](number, bound)
    return value == wanted


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
