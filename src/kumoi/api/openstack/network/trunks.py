"""/v2.0/trunks and what adds and removes their sub-ports."""

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.network.bodies import Description, Id, Name
from kumoi.api.openstack.network.listing import Shown, Table, flag, text
from kumoi.api.openstack.network.resources import (
    SERVICE,
    STANDARD,
    STANDARD_COLUMNS,
    Resource,
    owner_of,
    standard,
)
from kumoi.app.house import House
from kumoi.app.networks import trunks
from kumoi.app.networks.trunks import TRUNKS, TrunkChange, TrunkView, TrunkWish
from kumoi.core.call import Actor, Call
from kumoi.core.errors import Invalid, Unsupported
from kumoi.core.ids import NicId, TrunkId
from kumoi.core.trunks import INHERITED, Subport

TYPE = "vlan"


class SubportIn(msgspec.Struct, forbid_unknown_fields=True):
    """`inherit`: the VLAN of the sub-port's own network."""

    port_id: Id
    segmentation_type: Literal["vlan", "inherit"]
    segmentation_id: int | str | None = None


class GoneIn(msgspec.Struct):
    """Clients give a whole sub-port back; its port names it."""

    port_id: Id


class SubportsIn(msgspec.Struct, forbid_unknown_fields=True):
    sub_ports: list[SubportIn]


class GonesIn(msgspec.Struct, forbid_unknown_fields=True):
    sub_ports: list[GoneIn]


class New(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    port_id: Id
    name: Name = ""
    description: Description = ""
    project_id: str = ""
    tenant_id: str = ""
    admin_state_up: bool = True
    sub_ports: list[SubportIn] | None = None


class Change(msgspec.Struct, forbid_unknown_fields=True):
    name: Name | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    admin_state_up: bool | UnsetType = UNSET


def _subports(given: list[SubportIn] | None) -> tuple[Subport, ...]:
    return tuple(Subport(nic_id=NicId(one.port_id), vlan=_vlan(one)) for one in given or ())


def _vlan(given: SubportIn) -> int:
    if given.segmentation_type == "inherit":
        return INHERITED
    if given.segmentation_id is None:
        raise Invalid("network", field="vlan", reason="missing", name="segmentation_id")
    try:
        # Never INHERITED, which is no VLAN.
        return int(given.segmentation_id) or -1
    except ValueError:
        raise Invalid("network", field="vlan", reason="wrong_type", expected="int", got="str") from None


def _create(house: House, call: Call, news: list[New]) -> list[TrunkView]:
    if len(news) != 1:
        raise Unsupported("network", what="bulk creation of trunks")
    new = news[0]
    wish = TrunkWish(
        nic_id=NicId(new.port_id),
        project_id=owner_of(new),
        name=new.name,
        description=new.description,
        admin_up=new.admin_state_up,
        subports=_subports(new.sub_ports),
    )
    return [trunks.create_trunk(house, call, wish)]


def _update(house: House, call: Call, trunk_id: str, change: Change, generation: int | None) -> TrunkView:
    wanted = TrunkChange(
        name=change.name, description=change.description, admin_up=change.admin_state_up, if_generation=generation
    )
    return trunks.update_trunk(house, call, TrunkId(trunk_id), wanted)


def rendered_subports(given: tuple[Subport, ...]) -> list[dict[str, Any]]:
    return [{"port_id": s.nic_id, "segmentation_type": TYPE, "segmentation_id": s.vlan} for s in given]


def _render(view: TrunkView, _actor: Actor) -> Shown:
    one = view.trunk
    return {
        **standard(one, view.tags),
        "name": one.name,
        "port_id": one.nic_id,
        "admin_state_up": one.admin_up,
        "status": view.status.upper(),
        "sub_ports": rendered_subports(one.subports),
    }


RESOURCE = Resource(
    singular="trunk",
    path="/v2.0/trunks",
    noun=TRUNKS,
    table=Table(
        plural="trunks",
        columns={**STANDARD_COLUMNS, "port_id": ("nic_id", text), "admin_state_up": ("admin_up", flag)},
        attributes=STANDARD | {"port_id", "admin_state_up", "status", "sub_ports"},
        render=_render,
    ),
    new=New,
    change=Change,
    create=_create,
    update=_update,
    delete=lambda house, call, trunk_id: trunks.delete_trunk(house, call, TrunkId(trunk_id)),
)


def action_routes(house: House) -> list[Route]:
    """PUT …/add_subports and its like answer the trunk without a wrapping."""

    def add(request: Request) -> Response:
        more = _subports(request.json(SubportsIn).sub_ports)
        view = trunks.add_subports(house, request.call(), TrunkId(request.params["id"]), more)
        return json_response(_render(view, request.call().actor))

    def remove(request: Request) -> Response:
        gone = tuple(NicId(one.port_id) for one in request.json(GonesIn).sub_ports)
        view = trunks.remove_subports(house, request.call(), TrunkId(request.params["id"]), gone)
        return json_response(_render(view, request.call().actor))

    def find(request: Request) -> Response:
        found = trunks.find_subports(house, request.call(), TrunkId(request.params["id"]))
        return json_response({"sub_ports": rendered_subports(found)})

    path = f"{RESOURCE.path}/{{id}}"
    return [
        Route("PUT", f"{path}/add_subports", add, "trunk.update", SERVICE, body_type=SubportsIn),
        Route("PUT", f"{path}/remove_subports", remove, "trunk.update", SERVICE, body_type=GonesIn),
        Route("GET", f"{path}/get_subports", find, "trunk.read", SERVICE),
    ]
