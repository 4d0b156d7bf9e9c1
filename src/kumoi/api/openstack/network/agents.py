"""/v2.0/agents: what Kumoi's hosts do, as Neutron's clients ask for it; who carries which router and DHCP service.

Neutron knows one agent for each service of a host. Here one program does everything: its parts are shown by these names
and share the host's switch and note.
"""

from typing import Any, Final
from uuid import UUID, uuid5

import msgspec
from msgspec import UNSET, UnsetType

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.network import listing, networks, routers
from kumoi.api.openstack.network.bodies import Description, Id
from kumoi.api.openstack.network.listing import Shown, Table
from kumoi.api.openstack.network.resources import SERVICE, one_of
from kumoi.api.openstack.network.zones import ZONE
from kumoi.api.openstack.times import second
from kumoi.app.hosts import read
from kumoi.app.hosts.switch import describe, switch
from kumoi.app.house import House
from kumoi.app.networks import whereabouts
from kumoi.core.call import Actor, Call
from kumoi.core.errors import InUse, NotFound
from kumoi.core.hosts import Host, state
from kumoi.core.ids import HostId, NetworkId, VpcId, is_uuid
from kumoi.core.policy import allow, may
from kumoi.planning.vpc_binding import ROUTER


class Part(msgspec.Struct, frozen=True):
    """What Neutron calls one service of a host. `needs`: the capability of hosts that have it."""

    type: str
    topic: str
    needs: str = ""
    configurations: dict[str, Any] = {}


WHOLE: Final = Part("Kumoi agent", "N/A")
L3: Final = Part("L3 agent", "l3_agent", ROUTER, {"agent_mode": "legacy"})
DHCP: Final = Part("DHCP agent", "dhcp_agent", configurations={"dhcp_driver": "kumoi"})
_PARTS: Final = (WHOLE, L3, DHCP)


class Agent(msgspec.Struct, frozen=True):
    host: Host
    part: Part

    @property
    def id(self) -> str:
        """The host's own, or one made of it."""
        return self.host.id if self.part is WHOLE else str(uuid5(UUID(self.host.id), self.part.topic))


class AgentIn(msgspec.Struct, forbid_unknown_fields=True):
    """A description is the host's note, and the reason why it is out of use when it is put so."""

    admin_state_up: bool | None = None
    description: Description | UnsetType = UNSET


class RouterIn(msgspec.Struct, forbid_unknown_fields=True):
    router_id: Id


class NetworkIn(msgspec.Struct, forbid_unknown_fields=True):
    network_id: Id


def routes(house: House) -> list[Route]:
    return [*_agent_routes(house), *_router_routes(house), *_network_routes(house)]


def _agent_routes(house: House) -> list[Route]:
    def find(request: Request) -> Response:
        call = request.call()

        def render(agent: Agent, _actor: Actor) -> Shown:
            return _render(agent, call.now)

        # Neutron shows those who may not see agents an empty list.
        found = _agents(house, call) if may(call, "host.read") else []
        return listing.answer(request, _table(render), lambda _query: found)

    def show(request: Request) -> Response:
        call = request.call()
        return json_response({"agent": listing.fields(request, _render(_agent(house, request), call.now))})

    def change(request: Request) -> Response:
        call, given = request.call(), one_of(request, "agent", AgentIn)
        agent = _agent(house, request)
        host = agent.host
        if isinstance(given.description, str):
            host = describe(house, call, host.id, given.description)
        if given.admin_state_up is not None:
            host = switch(house, call, host.id, enabled=given.admin_state_up, reason=host.note or host.disabled_reason)
        return json_response({"agent": _render(Agent(host, agent.part), call.now)})

    def delete(request: Request) -> Response:
        """An agent is there as long as its host is."""
        agent = _agent(house, request)
        raise InUse("network", kind="agent", id=agent.id, by_kind="host", by_id=agent.host.id)

    one = "/v2.0/agents/{id}"
    return [
        Route("GET", "/v2.0/agents", find, "zone.read", SERVICE),
        Route("GET", one, show, "host.read", SERVICE),
        Route("PUT", one, change, "host.update", SERVICE, body_type=AgentIn),
        Route("DELETE", one, delete, "host.update", SERVICE, success=204),
    ]


def _router_routes(house: House) -> list[Route]:
    def find(request: Request) -> Response:
        call, agent = request.call(), _agent(house, request, L3)
        found = whereabouts.routers_on(house, call, agent.host.id)
        return json_response({"routers": [routers.render(v, call.actor) for v in found]})

    def add(request: Request) -> Response:
        agent, vpc_id = _agent(house, request, L3), VpcId(request.json(RouterIn).router_id)
        whereabouts.carry_router(house, request.call(), vpc_id, agent.host.id)
        return json_response({}, 201)

    def drop(request: Request) -> Response:
        agent, vpc_id = _agent(house, request, L3), VpcId(request.params["router"])
        whereabouts.put_down_router(house, request.call(), vpc_id, agent.host.id)
        return no_content()

    def hosting(request: Request) -> Response:
        call = request.call()
        host = whereabouts.host_of_router(house, call, VpcId(request.params["id"]))
        return json_response({"agents": [_render(Agent(host, L3), call.now)] if host is not None else []})

    of_agent = "/v2.0/agents/{id}/l3-routers"
    return [
        Route("GET", of_agent, find, "host.read", SERVICE),
        Route("POST", of_agent, add, "host.update", SERVICE, body_type=RouterIn, success=201),
        Route("DELETE", f"{of_agent}/{{router}}", drop, "host.update", SERVICE, success=204),
        Route("GET", "/v2.0/routers/{id}/l3-agents", hosting, "host.read", SERVICE),
    ]


def _network_routes(house: House) -> list[Route]:
    def find(request: Request) -> Response:
        call, agent = request.call(), _agent(house, request, DHCP)
        found = whereabouts.networks_on(house, call, agent.host.id)
        return json_response({"networks": [networks.render(v, call.actor) for v in found]})

    def hosting(request: Request) -> Response:
        call = request.call()
        found = whereabouts.hosts_of_network(house, call, NetworkId(request.params["id"]))
        return json_response({"agents": [_render(Agent(host, DHCP), call.now) for host in found]})

    return [
        Route("GET", "/v2.0/agents/{id}/dhcp-networks", find, "host.read", SERVICE),
        Route("GET", "/v2.0/networks/{id}/dhcp-agents", hosting, "host.read", SERVICE),
    ]


def _agents(house: House, call: Call) -> list[Agent]:
    return [
        Agent(host, part)
        for host in read.find(house, call)
        for part in _PARTS
        if not part.needs or part.needs in host.capabilities
    ]


def _agent(house: House, request: Request, part: Part | None = None) -> Agent:
    """The agent of the path; one of another kind than is asked for is not there."""
    call, agent_id = request.call(), request.params["id"]
    allow(call, "host.read")
    for agent in _agents(house, call) if is_uuid(agent_id) else ():
        if agent.id == HostId(agent_id) and part in (None, agent.part):
            return agent
    raise NotFound("network", kind="agent", id=agent_id)


def _table(render: Any) -> Table[Agent]:
    return Table(
        plural="agents",
        columns={},
        attributes=frozenset(
            {
                "id",
                "agent_type",
                "alive",
                "binary",
                "host",
                "topic",
                "admin_state_up",
                "availability_zone",
                "description",
            }
        ),
        render=render,
        # Neutron's database compares these without regard to case, and its clients have come to rely on it.
        special={"agent_type": lambda shown, wanted: shown["agent_type"].lower() in {w.lower() for w in wanted}},
    )


def _render(agent: Agent, now: float) -> Shown:
    host = agent.host
    return {
        "id": agent.id,
        "agent_type": agent.part.type,
        "binary": "kumoi-agent",
        "host": host.name,
        "topic": agent.part.topic,
        "admin_state_up": host.enabled,
        "alive": state(host, now) == "up",
        "availability_zone": ZONE,
        "configurations": {"capabilities": list(host.capabilities), **agent.part.configurations},
        "description": host.note or host.disabled_reason,
        "created_at": second(host.created_at),
        "started_at": second(host.created_at),
        "heartbeat_timestamp": second(host.seen_at),
        "resources_synced": None,
        "resource_versions": {},
    }
