"""/allocation_candidates: hosts of which so much more could be held now.

A host is a provider alone, without others in it: all groups of a request are held of the same one.
"""

import re
from functools import partial
from typing import Any, Final

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.placement.asking import asked_of
from kumoi.api.openstack.placement.versions import at_least
from kumoi.api.openstack.placement.words import CLASSES, amounts, answer, by_class, traits_of
from kumoi.app.hosts import providers
from kumoi.app.hosts.providers import Provider
from kumoi.app.house import House
from kumoi.core.errors import Invalid
from kumoi.core.policy import allow

_GROUP: Final = re.compile(r"(resources|required|member_of|in_tree)([a-zA-Z0-9_-]{1,64})?")
_PLAIN: Final = {"limit": 16, "group_policy": 25, "root_required": 35, "same_subtree": 36}
_SINCE: Final = {"resources": 10, "required": 17, "member_of": 21, "in_tree": 31}


def routes(house: House) -> list[Route]:
    return [
        Route("GET", "/allocation_candidates", partial(find, house), "host.providers", "placement",
              min_version=(1, 10)),
    ]  # fmt: skip


def find(house: House, request: Request) -> Response:
    allow(request.call(), "host.providers")
    groups = _groups(request)
    wanted: dict[str, int] = {}
    for held in groups.values():
        for resource, amount in held.items():
            wanted[resource] = wanted.get(resource, 0) + amount
    tests = [test for suffix in {"", *groups} for test in asked_of(request, suffix)]
    apart = request.arg("group_policy") == "isolate" and len([g for g in groups if g]) > 1
    found = [
        one for one in providers.find(house, request.call())
        if not apart and one.fits(wanted, request.now) and all(test(one) for test in tests)
    ][: _limit(request)]  # fmt: skip
    shown = {
        "allocation_requests": [_request(request, one, wanted, list(groups)) for one in found],
        "provider_summaries": {one.host.id: _summary(request, one, wanted) for one in found},
    }
    return answer(request, shown)


def _groups(request: Request) -> dict[str, dict[str, int]]:
    """What is wanted, by the suffix of its group."""
    groups: dict[str, dict[str, int]] = {}
    for key, value in request.query:
        if key in _PLAIN:
            since = _PLAIN[key]
        elif (parts := _GROUP.fullmatch(key)) is not None:
            suffix = parts[2] or ""
            numbered = 25 if suffix.isdecimal() else 33
            since = max(_SINCE[parts[1]], numbered if suffix else 0)
            if parts[1] == "resources":
                groups[suffix] = amounts(key, value)
        else:
            since = 1 << 16
        if not at_least(request, since):
            raise Invalid("api", field=key[:64], reason="unknown_field")
    if not groups:
        raise Invalid("api", field="resources", reason="missing")
    if len([g for g in groups if g]) > 1 and request.arg("group_policy") not in {"none", "isolate"}:
        raise Invalid("api", field="group_policy", reason="missing")
    return groups


def _limit(request: Request) -> int | None:
    text = request.arg("limit")
    if text is None:
        return None
    if not text.isdecimal() or not int(text):
        raise Invalid("api", field="limit", reason="range", bound="1 or more")
    return int(text)


def _request(request: Request, one: Provider, wanted: dict[str, int], groups: list[str]) -> dict[str, Any]:
    held = {"resources": by_class(wanted)}
    if not at_least(request, 12):
        return {"allocations": [{"resource_provider": {"uuid": one.host.id}, **held}]}
    shown: dict[str, Any] = {"allocations": {one.host.id: held}}
    if at_least(request, 34):
        shown["mappings"] = {suffix: [one.host.id] for suffix in groups}
    return shown


def _summary(request: Request, one: Provider, wanted: dict[str, int]) -> dict[str, Any]:
    told = {name: r for name, r in CLASSES.items() if one.total(r) and (r in wanted or at_least(request, 27))}
    shown: dict[str, Any] = {
        "resources": {
            name: {"capacity": one.room[r].most if r in one.room else one.total(r), "used": one.used(r)}
            for name, r in told.items()
        }
    }
    if at_least(request, 17):
        shown["traits"] = traits_of(one, request.now)
    if at_least(request, 29):
        shown |= {"parent_provider_uuid": None, "root_provider_uuid": one.host.id}
    return shown
