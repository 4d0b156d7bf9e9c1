"""Nova's microversions: an append-only list of what each changed in what we offer. The last one is what we advertise.

A version is listed only if every version below it is true here; transforms live with the resource that they change.
"""

from typing import Final

from kumoi.api.edge.request import Request
from kumoi.api.openstack.microversions import Version, asked, spelled

HISTORY: Final[tuple[tuple[Version, str], ...]] = (
    ((2, 1), "the base"),
    ((2, 2), "keypairs have a type and answer 201 or 204"),
    ((2, 3), "administrators see reservation, launch index, host name and user data of servers"),
    ((2, 6), "remote consoles; no more by actions"),
    ((2, 8), "MKS among the kinds of consoles that are refused"),
    ((2, 9), "servers tell whether they are locked"),
    ((2, 10), "keypairs by user_id for administrators"),
    ((2, 16), "host_status for administrators"),
    ((2, 19), "servers have a description"),
    ((2, 21), "actions of deleted servers"),
    ((2, 26), "servers have tags"),
    ((2, 31), "tokens of all kinds of consoles for administrators"),
    ((2, 35), "keypairs are paged"),
    ((2, 37), "networks: auto or none; required in a create"),
    ((2, 45), "images and backups of servers are answered by their id"),
    ((2, 47), "servers embed their flavor"),
    ((2, 48), "diagnostics in the same words whatever the driver"),
    ((2, 51), "events of actions for users"),
    ((2, 52), "tags in a create"),
    ((2, 53), "hypervisors and services by UUID"),
    ((2, 54), "a rebuild takes key_name"),
    ((2, 55), "flavors have a description, which may be changed"),
    ((2, 57), "no personality, a rebuild takes user_data; no quotas of injected files"),
    ((2, 58), "actions of servers are paged, and say when something last happened"),
    ((2, 61), "flavors embed their extra specs"),
    ((2, 62), "events of actions name the host"),
    ((2, 63), "servers name trusted certificates of images: none"),
    ((2, 66), "changes-before"),
    ((2, 69), "servers of cells that are down: there are none"),
    ((2, 70), "interfaces have a tag: none"),
    ((2, 71), "one server tells its server groups: none"),
    ((2, 73), "locks have a reason"),
    ((2, 74), "administrators name a host in a create"),
    ((2, 75), "what a list or a body does not know is refused; PUT and rebuild show all; no swap is 0"),
    ((2, 76), "the event power-update"),
    ((2, 77), "a server comes off the shelf into a zone: into its own"),
    ((2, 78), "the topology of a server: no NUMA nodes"),
    ((2, 79), "whether a volume goes with its server is said when it is attached, and told"),
    ((2, 80), "migrations tell their user and project"),
    ((2, 81), "images brought to an aggregate beforehand: refused by name"),
    ((2, 82), "the event accelerator-request-bound"),
    ((2, 83), "users filter servers as administrators do, by what is theirs"),
    ((2, 84), "failed events of actions have details"),
    ((2, 85), "whether a volume goes with its server may be changed"),
    ((2, 86), "extra specs that Nova knows are checked"),
    ((2, 87), "a stable rescue, where the image asks for it"),
    ((2, 88), "hypervisors tell no amounts, and their uptime in themselves"),
    ((2, 89), "attachments have an id of their own"),
    ((2, 90), "servers are given a hostname, and everybody sees it"),
    ((2, 91), "off the shelf to a host: to its own; servers are pinned to a zone, or not"),
    ((2, 92), "keypairs are brought, not made; @ and . in their names"),
    ((2, 94), "a hostname may be a full domain name"),
    ((2, 96), "the zone that a server is pinned to"),
    ((2, 97), "file shares of servers: none"),
    ((2, 98), "properties of a server's image"),
    ((2, 99), "the console kind spice-direct among those that are refused; tokens of consoles have a TLS port: none"),
    ((2, 100), "what was said of a server's place when it was made"),
    ((2, 101), "what attaches a volume is taken, not waited for"),
    ((2, 102), "flavors by name, and two fields less; every unknown query is refused"),
    ((2, 103), "os-volumes_boot, an old name that never was here, is gone"),
    ((2, 104), "the zone that a server is pinned to may be changed"),
)
LEAST: Final[Version] = (2, 1)
MOST: Final[Version] = HISTORY[-1][0]


def version_of(request: Request) -> Version:
    """By OpenStack-API-Version or its elder X-OpenStack-Nova-API-Version; 2.1 when neither is sent."""
    return asked(request, "compute", (LEAST, MOST), "x-openstack-nova-api-version")


def headers(request: Request) -> tuple[tuple[str, str], ...]:
    version = spelled(request.version or LEAST)
    return (
        ("OpenStack-API-Version", f"compute {version}"),
        ("X-OpenStack-Nova-API-Version", version),
        ("Vary", "OpenStack-API-Version, X-OpenStack-Nova-API-Version"),
    )


def at_least(request: Request, minor: int) -> bool:
    return (request.version or LEAST) >= (2, minor)
