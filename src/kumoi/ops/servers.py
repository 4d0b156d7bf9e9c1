"""Which server somebody means."""

from typing import Any

from kumoi.core.errors import NotFound
from kumoi.core.ids import ec2_id
from kumoi.ops.client import Client


def find_server(client: Client, name: str) -> dict[str, Any]:
    """By name, id or EC2 id, in any project; all that Nova tells of it. NotFound."""
    servers = client.get("/compute/v2.1/servers/detail?all_tenants=1")["servers"]
    found: list[dict[str, Any]] = [s for s in servers if name in {s["id"], s["name"], ec2_id("i", s["id"])}]
    if not found:
        raise NotFound("compute", kind="instance", id=name)
    return found[0]
