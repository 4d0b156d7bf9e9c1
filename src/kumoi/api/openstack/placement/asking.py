"""What providers are asked for: aggregates, traits, and a tree. Each host is a tree of its own."""

from collections.abc import Callable

from kumoi.api.edge.request import Request
from kumoi.api.openstack.placement.versions import at_least
from kumoi.api.openstack.placement.words import TRAITS, traits_of
from kumoi.app.hosts.providers import Provider
from kumoi.core.errors import Invalid
from kumoi.core.ids import is_uuid

Test = Callable[[Provider], bool]


def asked_of(request: Request, suffix: str) -> list[Test]:
    """All that a provider has to pass; `suffix`: of one group of a request for candidates."""
    found: list[Test] = []
    for key, value in request.query:
        if key == f"member_of{suffix}":
            found.append(_member(request, key, value))
        elif key == f"required{suffix}" or (key == "root_required" and not suffix):
            found += [_trait(request, key, part) for part in _traits(request, value)]
        elif key == f"in_tree{suffix}":
            found.append(_in_tree(key, value))
    return found


def _member(request: Request, key: str, value: str) -> Test:
    text, none_of = value, False
    if text.startswith("!"):
        _since(request, key, 32)
        text, none_of = text[1:], True
    ids = set(text.removeprefix("in:").split(","))
    if not all(is_uuid(one) for one in ids) or (len(ids) > 1 and not text.startswith("in:")):
        raise Invalid("api", field=key, reason="format")
    return lambda provider: bool(ids & {a.id for a in provider.aggregates}) != none_of


def _traits(request: Request, value: str) -> list[str]:
    """`A,!B` is two wishes; `in:A,B` (since 1.39) is one."""
    return [value] if value.startswith("in:") and at_least(request, 39) else value.split(",")


def _trait(request: Request, key: str, part: str) -> Test:
    if part.startswith("!"):
        _since(request, key, 22)
    names = set(part.removeprefix("!").removeprefix("in:").split(","))
    if unknown := names - set(TRAITS):
        raise Invalid("api", field=key, reason="not_in_enum", value=min(unknown)[:64])
    return lambda provider: bool(names & set(traits_of(provider, request.now))) != part.startswith("!")


def _in_tree(key: str, value: str) -> Test:
    if not is_uuid(value):
        raise Invalid("api", field=key, reason="not_a_uuid", value=value[:64])
    return lambda provider: provider.host.id == value


def _since(request: Request, key: str, minor: int) -> None:
    if not at_least(request, minor):
        raise Invalid("api", field=key, reason="format")
