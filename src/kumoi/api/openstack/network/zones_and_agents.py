"""/v2.0/availability_zones and /v2.0/agents: Kumoi's hosts, as Neutron's clients ask for them."""

from typing import Any

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.network import listing
from kumoi.api.openstack.network.listing import Shown, Table
from kumoi.api.openstack.network.resources import SERVICE, one_of
from kumoi.api.openstack.times import second
from kumoi.app.hosts import read
from kumoi.app.hosts.switch import switch
from kumoi.app.house import House
from kumoi.core.call import Actor
from kumoi.core.errors import Unsupported
from kumoi.core.hosts import Host, state
from kumoi.core.ids import HostId
from kumoi.core.policy import may

ZONE = "nova"


class AgentIn(msgspec.Struct, forbid_unknown_fields=True):
    """A description is the reason why the host is out of use."""

    admin_state_up: bool | None = None
    description: str | None = None


def routes(house: House) -> list[Route]:
    def zones(request: Request) -> Response:
        found = [{"name": ZONE, "resource": resource, "state": "available"} for resource in ("network", "router")]
        wanted = [z for z in found if all(request.arg(k, v) == v for k, v in z.items())]
        return json_response({"availability_zones": wanted})

    def agents(request: Request) -> Response:
        call = request.call()

        def render(host: Host, _actor: Actor) -> Shown:
            return _agent(host, call.now)

        # Neutron shows those who may not see agents an empty list.
        found = read.find(house, call) if may(call, "host.read") else []
        return listing.answer(request, _table(render), lambda _query: found)

    def agent(request: Request) -> Response:
        call = request.call()
        found = read.show(house, call, HostId(request.params["id"]))
        return json_response({"agent": listing.fields(request, _agent(found, call.now))})

    def change(request: Request) -> Response:
        call, given = request.call(), one_of(request, "agent", AgentIn)
        host = read.show(house, call, HostId(request.params["id"]))
        wanted = host.enabled if given.admin_state_up is None else given.admin_state_up
        if given.description and wanted:
            raise Unsupported("network", what="the description of an agent that is up")
        done = switch(house, call, host.id, enabled=wanted, reason=given.description or host.disabled_reason)
        return json_response({"agent": _agent(done, call.now)})

    def providers(_request: Request) -> Response:
        return json_response({"service_providers": []})

    return [
        Route("GET", "/v2.0/service-providers", providers, "network.read", SERVICE),
        Route("GET", "/v2.0/availability_zones", zones, "zone.read", SERVICE),
        Route("GET", "/v2.0/agents", agents, "zone.read", SERVICE),
        Route("GET", "/v2.0/agents/{id}", agent, "host.read", SERVICE),
        Route("PUT", "/v2.0/agents/{id}", change, "host.update", SERVICE, body_type=AgentIn),
    ]


def _table(render: Any) -> Table[Host]:
    return Table(
        plural="agents",
        columns={},
        attributes=frozenset(
            {"id", "agent_type", "alive", "binary", "host", "topic", "admin_state_up", "availability_zone"}
        ),
        render=render,
    )


def _agent(host: Host, now: float) -> Shown:
    """One agent a host does everything: switching, routing, DHCP, metadata."""
    return {
        "id": host.id,
        "agent_type": "Kumoi agent",
        "binary": "kumoi-agent",
        "host": host.name,
        "topic": "N/A",
        "admin_state_up": host.enabled,
        "alive": state(host, now) == "up",
        "availability_zone": ZONE,
        "configurations": {"capabilities": list(host.capabilities)},
        "description": host.disabled_reason,
        "created_at": second(host.created_at),
        "started_at": second(host.created_at),
        "heartbeat_timestamp": second(host.seen_at),
        "resources_synced": None,
    }
