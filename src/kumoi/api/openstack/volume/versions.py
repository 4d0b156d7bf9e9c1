"""Cinder's microversions: an append-only list of what each changed in what we offer. The last one is what we advertise.

A version is listed only if every version below it is true here; transforms live with the resource that they change.
"""

from typing import Final

from kumoi.api.edge.request import Request
from kumoi.api.openstack.microversions import Version, asked, spelled

HISTORY: Final[tuple[tuple[Version, str], ...]] = (
    ((3, 0), "the base"),
    ((3, 3), "messages say why a volume came to nothing"),
    ((3, 5), "messages are paged"),
    ((3, 7), "clusters: none"),
    ((3, 11), "types of groups"),
    ((3, 13), "groups of volumes"),
    ((3, 14), "snapshots of groups, and groups made like others"),
    ((3, 19), "operators reset snapshots of groups"),
    ((3, 20), "operators reset groups"),
    ((3, 24), "workers are cleaned up after: there is nothing to do"),
    ((3, 25), "groups list their volumes"),
    ((3, 28), "pools are filtered"),
    ((3, 32), "log levels: refused"),
    ((3, 38), "groups have a replication status: disabled"),
    ((3, 39), "administrators see other projects' limits"),
    ((3, 49), "services tell the state of their back ends"),
    ((3, 52), "types are found by their extra specs"),
    ((3, 55), "transfers take snapshots along"),
    ((3, 57), "transfers tell between which projects"),
    ((3, 58), "groups tell their project"),
    ((3, 59), "transfers are sorted and paged"),
    ((3, 62), "projects have default types"),
)
LEAST: Final[Version] = (3, 0)
MOST: Final[Version] = HISTORY[-1][0]


def version_of(request: Request) -> Version:
    """By OpenStack-API-Version; 3.0 when it is not sent."""
    return asked(request, "volume", (LEAST, MOST))


def headers(request: Request) -> tuple[tuple[str, str], ...]:
    return (
        ("OpenStack-API-Version", f"volume {spelled(request.version or LEAST)}"),
        ("Vary", "OpenStack-API-Version"),
    )


def at_least(request: Request, minor: int) -> bool:
    return (request.version or LEAST) >= (3, minor)
