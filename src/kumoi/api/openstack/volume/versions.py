"""Cinder's microversions: an append-only list of what each changed in what we offer. The last one is what we advertise.

A version is listed only if every version below it is true here; transforms live with the resource that they change.
"""

from typing import Final

from kumoi.api.edge.request import Request
from kumoi.api.openstack.microversions import Version, asked, spelled

HISTORY: Final[tuple[tuple[Version, str], ...]] = (
    ((3, 0), "the base"),
    ((3, 1), "images of volumes have visibility"),
    ((3, 2), "lists by whether volumes boot"),
    ((3, 3), "messages say why a volume came to nothing"),
    ((3, 4), "lists by what volumes remember of their images"),
    ((3, 5), "messages are paged"),
    ((3, 7), "clusters: none"),
    ((3, 8), "lists of what may be managed: refused"),
    ((3, 9), "backups are changed"),
    ((3, 10), "lists by group"),
    ((3, 11), "types of groups"),
    ((3, 12), "a summary of volumes"),
    ((3, 13), "groups of volumes"),
    ((3, 14), "snapshots of groups, and groups made like others"),
    ((3, 15), "metadata have ETags"),
    ((3, 18), "backups tell administrators whose they are"),
    ((3, 19), "operators reset snapshots of groups"),
    ((3, 20), "operators reset groups"),
    ((3, 21), "administrators see provider ids: none"),
    ((3, 22), "snapshots by their metadata"),
    ((3, 23), "volumes are deleted by force"),
    ((3, 24), "workers are cleaned up after: there is nothing to do"),
    ((3, 25), "groups list their volumes"),
    ((3, 27), "attachments"),
    ((3, 28), "pools are filtered"),
    ((3, 29), "snapshots of groups are sorted and paged"),
    ((3, 30), "snapshots are sorted by name"),
    ((3, 32), "log levels: refused"),
    ((3, 33), "what lists may be narrowed by"),
    ((3, 34), "lists by a part of the name"),
    ((3, 35), "pools by volume type"),
    ((3, 36), "the summary has metadata"),
    ((3, 38), "groups have a replication status: disabled"),
    ((3, 39), "administrators see other projects' limits"),
    ((3, 40), "volumes go back to snapshots"),
    ((3, 41), "snapshots tell their maker"),
    ((3, 42), "volumes in use are extended"),
    ((3, 43), "backups have metadata"),
    ((3, 44), "attachments are completed"),
    ((3, 45), "lists are counted"),
    ((3, 47), "volumes are made of backups"),
    ((3, 48), "volumes tell whether targets are shared"),
    ((3, 49), "services tell the state of their back ends"),
    ((3, 50), "types that several instances share"),
    ((3, 51), "backups are made in a zone"),
    ((3, 52), "types are found by their extra specs"),
    ((3, 53), "bodies are checked"),
    ((3, 54), "attachments have a mode"),
    ((3, 55), "transfers take snapshots along"),
    ((3, 56), "backups tell their maker"),
    ((3, 57), "transfers tell between which projects"),
    ((3, 58), "groups tell their project"),
    ((3, 59), "transfers are sorted and paged"),
    ((3, 60), "lists by times"),
    ((3, 61), "administrators see clusters: none"),
    ((3, 62), "projects have default types"),
    ((3, 63), "volumes tell the id of their type"),
    ((3, 64), "volumes tell their encryption: none is"),
    ((3, 65), "volumes and snapshots tell whether a quota counts them"),
    ((3, 66), "snapshots of what is in use need no force"),
    ((3, 67), "paths need no project"),
    ((3, 68), "volumes are imaged anew: refused"),
    ((3, 69), "whether targets are shared is told in three ways"),
    ((3, 70), "volumes that are encrypted are handed over: none is"),
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
