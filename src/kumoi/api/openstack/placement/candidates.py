"""/allocation_candidates: of which providers so much more could be held now, together."""

import re
from functools import partial
from typing import Any, Final

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.placement.answers import answer
from kumoi.api.openstack.placement.asking import LONGEST_AMOUNT, group, root_traits
from kumoi.api.openstack.placement.versions import at_least
from kumoi.app.house import House
from kumoi.app.providers import candidates
from kumoi.core.errors import Invalid
from kumoi.core.policy import allow
from kumoi.core.providers import Offer
from kumoi.planning.candidates import Candidate, Group, Wanted

READ: Final = "provider.read"
_PLAIN: Final = {"limit": 16, "group_policy": 25, "root_required": 35, "same_subtree": 36}
_SINCE: Final = {"resources": 10, "required": 17, "member_of": 21, "in_tree": 31}
_SUFFIX: Final = {0: "", 25: "([1-9][0-9]*)?", 33: "([a-zA-Z0-9_-]{1,64})?"}
_LIMIT: Final = re.compile("[1-9][0-9]*")
_MISSING, _BAD = "placement.query.missing_value", "placement.query.bad_value"


def routes(house: House) -> list[Route]:
    return [
        Route("GET", "/allocation_candidates", partial(find, house), READ, "placement", min_version=(1, 10)),
    ]


def find(house: House, request: Request) -> Response:
    allow(request.call(), READ)
    wanted = _wanted(request)
    found = candidates.find(house, request.call(), wanted)
    names = {name for one in wanted.groups for name in one.resources}
    shown = {
        "allocation_requests": [_request(request, one) for one in found.candidates],
        "provider_summaries": {offer.id: _summary(request, offer, names) for offer in found.offers},
    }
    return answer(request, shown)


def _wanted(request: Request) -> Wanted:
    suffixes = _suffixes(request)
    limit, policy = request.arg("limit"), request.arg("group_policy")
    if limit is not None and _LIMIT.fullmatch(limit) is None:
        raise Invalid("api", field="limit", reason="query_pattern", value=limit[:64], pattern="^[1-9][0-9]*$")
    if policy not in {None, "none", "isolate"}:
        raise Invalid("api", field="group_policy", reason="query_policy", value=policy[:64] if policy else "")
    must, must_not = root_traits(request)
    subtrees = _subtrees(request)
    groups = [group(request, suffix) for suffix in suffixes]
    if at_least(request, 36):
        _check_subtrees(groups, subtrees)
    else:
        _check_orphans(groups)
    _check_conflicts(request, groups)
    if policy is None and len([one for one in groups if one.suffix]) > 1:
        raise Invalid("api", field="group_policy", reason="query_policy_missing")
    most = int(limit) if limit and len(limit) <= LONGEST_AMOUNT else None
    return Wanted(
        groups=tuple(groups), isolate=policy == "isolate", same_subtree=tuple(subtrees), root_required=must,
        root_forbidden=must_not, limit=most, one_of_a_tree=not at_least(request, 29),
    )  # fmt: skip


def _suffixes(request: Request) -> list[str]:
    """Of the groups, in order. Raises Invalid for what is no query here."""
    form = _SUFFIX[max(since for since in _SUFFIX if at_least(request, since))]
    patterns = {name: f"^{name}{form}$" for name, since in _SINCE.items() if at_least(request, since)}
    found: dict[str, None] = {}
    for key, _ in request.query:
        if at_least(request, _PLAIN.get(key, 1 << 16)):
            continue
        parts = next((m for p in patterns.values() if (m := re.match(p, key)) is not None), None)
        if parts is None and not form:
            raise Invalid("api", field=key[:64], reason="query_unexpected", value=key[:64])
        if parts is None:
            regexes = ", ".join(repr(p) for p in sorted(patterns.values()))
            raise Invalid("api", field=key[:80], reason="query_no_regex", value=key[:80], pattern=regexes)
        found[(parts[1] or "") if form else ""] = None
    if not form and request.arg("resources") is None:
        raise Invalid("api", field="resources", reason="query_missing")
    return list(found)


def _subtrees(request: Request) -> list[frozenset[str]]:
    found = []
    for key, value in request.query:
        if key == "same_subtree":
            suffixes = frozenset(part.strip() for part in value.split(","))
            if "" in suffixes:
                raise Invalid("api", field="same_subtree", reason="query_subtree_empty", code=_BAD)
            found.append(suffixes)
    return found


def _check_subtrees(groups: list[Group], subtrees: list[frozenset[str]]) -> None:
    named = frozenset().union(*subtrees)
    without = [one.suffix for one in groups if not one.resources]
    if len(without) == len(groups):
        raise Invalid("api", field="resources", reason="query_no_resources", code=_MISSING)
    if bad := [suffix for suffix in without if suffix not in named]:
        raise Invalid("api", field="same_subtree", reason="query_resourceless", value=str(bad), code=_BAD)
    known = [one.suffix for one in groups]
    if bad := sorted(named - set(known)):
        raise Invalid(
            "api", field="same_subtree", reason="query_suffixes", value=str(bad), names=str(known), code=_BAD
        )  # fmt: skip


def _check_orphans(groups: list[Group]) -> None:
    """Who asks for traits or aggregates asks for resources."""
    bare = [one for one in groups if not one.resources]
    if keys := [f"required{one.suffix}" for one in bare if one.required]:
        raise Invalid("api", field="required", reason="query_orphan_traits", value=", ".join(keys))
    if keys := [f"member_of{one.suffix}" for one in bare if one.member_of or one.not_member_of]:
        raise Invalid("api", field="member_of", reason="query_orphan_members", value=", ".join(keys))
    if bare:
        raise Invalid("api", field="resources", reason="query_bare_group")
    if not groups:
        raise Invalid("api", field="resources", reason="query_no_group")


def _check_conflicts(request: Request, groups: list[Group]) -> None:
    if not at_least(request, 22):
        return
    keys = [
        f"required{one.suffix}: ({', '.join(sorted(any_of))})"
        for one in groups
        for any_of in one.required
        if any_of <= one.forbidden
    ]
    if keys:
        raise Invalid("api", field="required", reason="query_conflict", value=", ".join(sorted(keys)))


def _request(request: Request, one: Candidate) -> dict[str, Any]:
    if not at_least(request, 12):
        entries = [{"resource_provider": {"uuid": p}, "resources": held} for p, held in one.amounts.items()]
        return {"allocations": entries}
    shown: dict[str, Any] = {"allocations": {p: {"resources": held} for p, held in one.amounts.items()}}
    if at_least(request, 34):
        shown["mappings"] = one.mappings
    return shown


def _summary(request: Request, offer: Offer, names: set[str]) -> dict[str, Any]:
    """Of the classes that were asked for; since 1.27 of all."""
    one = offer.provider
    shown: dict[str, Any] = {
        "resources": {
            name: {"capacity": has.capacity, "used": offer.used.get(name, 0)}
            for name, has in one.inventories.items()
            if name in names or at_least(request, 27)
        }
    }
    if at_least(request, 17):
        shown["traits"] = one.traits
    if at_least(request, 29):
        shown |= {"parent_provider_uuid": one.parent_id, "root_provider_uuid": one.root_id}
    return shown
