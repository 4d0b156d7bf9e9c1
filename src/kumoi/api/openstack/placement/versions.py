"""Placement's microversions: an append-only list of what each changed in what we offer. The last one is what we
advertise."""

from typing import Final

from kumoi.api.edge.request import Request
from kumoi.api.openstack.microversions import Version, asked, spelled

HISTORY: Final[tuple[tuple[Version, str], ...]] = (
    ((1, 0), "the base"),
    ((1, 1), "aggregates of a provider"),
    ((1, 2), "resource classes"),
    ((1, 3), "providers by aggregate"),
    ((1, 4), "providers by what they have left"),
    ((1, 5), "all inventories deleted at once"),
    ((1, 6), "traits"),
    ((1, 7), "classes made by their name alone"),
    ((1, 8), "whose allocations these are"),
    ((1, 9), "what a project uses"),
    ((1, 10), "candidates for an allocation"),
    ((1, 11), "a link to a provider's allocations"),
    ((1, 12), "allocations by provider, with project and user"),
    ((1, 13), "allocations of several consumers at once"),
    ((1, 14), "parents and roots of providers; in_tree"),
    ((1, 15), "answers are not to be kept"),
    ((1, 16), "so many candidates"),
    ((1, 17), "candidates by traits"),
    ((1, 18), "providers by traits"),
    ((1, 19), "aggregates with a generation"),
    ((1, 20), "a new provider is told"),
    ((1, 21), "candidates by aggregate"),
    ((1, 22), "traits that must not be"),
    ((1, 23), "errors have codes"),
    ((1, 24), "several aggregates that a provider must be of"),
    ((1, 25), "groups of resources, each of one provider"),
    ((1, 26), "all of an inventory may be reserved"),
    ((1, 27), "summaries with all resources"),
    ((1, 28), "consumers have a generation"),
    ((1, 29), "candidates of several providers of a tree; parents and roots in summaries"),
    ((1, 30), "inventories and allocations moved at once"),
    ((1, 31), "candidates in a tree"),
    ((1, 32), "aggregates that a provider must not be of"),
    ((1, 33), "groups with any suffix"),
    ((1, 34), "which group is held of which provider"),
    ((1, 35), "traits of the root"),
    ((1, 36), "groups in one subtree, also without resources"),
    ((1, 37), "providers get another parent"),
    ((1, 38), "consumers have a type"),
    ((1, 39), "any of several traits"),
)
LEAST: Final[Version] = (1, 0)
MOST: Final[Version] = HISTORY[-1][0]


def version_of(request: Request) -> Version:
    """By OpenStack-API-Version; 1.0 when it is not sent."""
    return asked(request, "placement", (LEAST, MOST))


def headers(request: Request) -> tuple[tuple[str, str], ...]:
    return (
        ("OpenStack-API-Version", f"placement {spelled(request.version or LEAST)}"),
        ("Vary", "openstack-api-version"),
    )


def at_least(request: Request, minor: int) -> bool:
    return (request.version or LEAST) >= (1, minor)
