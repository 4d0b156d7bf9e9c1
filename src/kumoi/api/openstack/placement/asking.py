"""What providers are asked for in a query: resources, traits, aggregates, a tree. Only parsed here."""

import re
from collections.abc import Mapping
from typing import Final

from kumoi.api.edge.request import Request
from kumoi.api.openstack.placement.bodies import dashed
from kumoi.api.openstack.placement.versions import at_least
from kumoi.core.errors import Invalid
from kumoi.planning.candidates import Group

_FORM: Final = "HW_CPU_X86_VMX,CUSTOM_MAGIC"
_FORM_FORBIDDEN: Final = "HW_CPU_X86_VMX,!CUSTOM_MAGIC"
LONGEST_AMOUNT: Final = 10  # digits; no host has more of anything
_DIGITS: Final = re.compile(r"[+-]?[0-9]+")


def check_known(request: Request, known: Mapping[str, int]) -> None:
    """Every name of the query must be one of these, since its version. Raises Invalid."""
    for key, _ in request.query:
        if not at_least(request, known.get(key, 1 << 16)):
            raise Invalid("api", field=key[:64], reason="query_unexpected", value=key[:64])


def group(request: Request, suffix: str = "") -> Group:
    """One group of wishes; each name of it ends by the suffix. Raises Invalid."""
    resources, required, member_of, in_tree = (
        [value for key, value in request.query if key == name + suffix]
        for name in ("resources", "required", "member_of", "in_tree")
    )
    must, must_not = _traits(request, required)
    of, not_of = _aggregates(request, member_of, suffix)
    return Group(
        suffix=suffix,
        resources=amounts(resources[-1]) if resources else {},
        required=tuple(must),
        forbidden=frozenset(must_not),
        member_of=tuple(of),
        not_member_of=frozenset(not_of),
        in_tree=_tree(in_tree[-1]) if in_tree else None,
    )


def amounts(text: str) -> dict[str, int]:
    """`VCPU:1,MEMORY_MB:512`. Raises Invalid."""
    if not text.strip():
        raise Invalid("api", field="resources", reason="query_resources", value="empty string")
    found: dict[str, int] = {}
    for part in text.split(","):
        name, colon, number = part.partition(":")
        if not colon or ":" in number:
            raise Invalid("api", field="resources", reason="query_resources", value=part[:64])
        if _DIGITS.fullmatch(number.strip()) is None or len(number) > LONGEST_AMOUNT:
            raise Invalid("api", field="resources", reason="query_amount", name=name[:64], value=number[:64])
        if int(number) < 1:
            raise Invalid("api", field="resources", reason="query_amount_least", name=name[:64], value=number[:64])
        found[name] = int(number)
    return found


def root_traits(request: Request) -> tuple[frozenset[str], frozenset[str]]:
    """Those that the top of a tree must have, and must not. Raises Invalid."""
    values = [value for key, value in request.query if key == "root_required"]
    if len(values) > 1:
        raise Invalid("api", field="root_required", reason="query_root_twice", code="placement.query.duplicate_key")
    must, must_not = _plain(values[0], forbidding=True) if values else ([], set())
    names = frozenset().union(*must)
    if both := names & must_not:
        raise Invalid(
            "api", field="root_required", reason="query_root_conflict", value=", ".join(sorted(both)),
            code="placement.query.bad_value",
        )  # fmt: skip
    return names, frozenset(must_not)


def _traits(request: Request, values: list[str]) -> tuple[list[frozenset[str]], set[str]]:
    must: list[frozenset[str]] = []
    must_not: set[str] = set()
    any_of = at_least(request, 39)
    for value in values if any_of else values[-1:]:  # before, the last one counted
        if not value.startswith("in:"):
            more, not_one = _plain(value, forbidding=at_least(request, 22))
            must += more
            must_not |= not_one
            continue
        names = frozenset(name.strip() for name in value[3:].split(","))
        if not any_of:
            raise Invalid("api", field="required", reason="query_any_traits", value=value[:255])
        if not all(names):
            raise Invalid("api", field="required", reason="query_any_empty", value=value[:255])
        if any(name.startswith("!") for name in names):
            raise Invalid("api", field="required", reason="query_any_forbidden", value=value[:255])
        must.append(names)
    return must, must_not


def _plain(value: str, *, forbidding: bool) -> tuple[list[frozenset[str]], set[str]]:
    """`A,!B`: all of them."""
    names = [name.strip() for name in value.split(",")]
    must_not = {name.lstrip("!") for name in names if name.startswith("!")}
    if not all(names) or not all(must_not):
        form = _FORM_FORBIDDEN if forbidding else _FORM
        raise Invalid("api", field="required", reason="query_empty_trait", form=form, value=value[:255])
    if must_not and not forbidding:
        raise Invalid("api", field="required", reason="query_traits", form=_FORM, value=value[:255])
    return [frozenset({name}) for name in names if not name.startswith("!")], must_not


def _aggregates(request: Request, values: list[str], suffix: str) -> tuple[list[frozenset[str]], set[str]]:
    key = f"member_of{suffix}"
    if len(values) > 1 and not at_least(request, 24):
        raise Invalid("api", field=key, reason="query_members_twice")
    of: list[frozenset[str]] = []
    not_of: set[str] = set()
    for value in values:
        negative = value.startswith("!")
        text = value.removeprefix("!")
        several = text.startswith("in:")
        if "," in text and not several:
            raise Invalid("api", field="member_of", reason="query_members_in", value=value[:255])
        ids = frozenset(text.removeprefix("in:").split(","))
        for one in sorted(ids):
            if dashed(one) is None:
                raise Invalid("api", field="member_of", reason="query_members", value=one[:64])
        if negative and not at_least(request, 32):
            raise Invalid("api", field=key, reason="query_not_members")
        if negative:
            not_of |= ids
        else:
            of.append(ids)
    return of, not_of


def _tree(value: str) -> str:
    if dashed(value.strip()) is None:
        raise Invalid("api", field="in_tree", reason="query_tree", value=value[:64])
    return value.strip()
