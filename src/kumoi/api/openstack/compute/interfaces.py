"""/servers/{id}/os-interface: the nics of a server, put in and taken out; /action: one more address for one of them."""

from functools import partial
from typing import Any

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.compute.actions import accepted, waited
from kumoi.api.openstack.compute.servers import V, server_id
from kumoi.api.openstack.compute.versions import at_least
from kumoi.app.house import House
from kumoi.app.instances import addresses, nics, read
from kumoi.app.instances.wish import NicChoice
from kumoi.core.devices import check_tag
from kumoi.core.errors import Invalid, NotFound
from kumoi.core.ids import NetworkId, NicId, is_uuid
from kumoi.core.nics import Nic, status_of


class _Fixed(msgspec.Struct, forbid_unknown_fields=True):
    ip_address: str


class _Wanted(msgspec.Struct, forbid_unknown_fields=True):
    port_id: str | None = None
    net_id: str | None = None
    fixed_ips: list[_Fixed] = []
    tag: str | None = None


class AttachBody(msgspec.Struct):
    wanted: _Wanted = msgspec.field(name="interfaceAttachment", default_factory=_Wanted)


class _Network(msgspec.Struct, forbid_unknown_fields=True):
    networkId: str  # noqa: N815


class AddFixedBody(msgspec.Struct):
    wanted: _Network = msgspec.field(name="addFixedIp")


class _Address(msgspec.Struct, forbid_unknown_fields=True):
    address: str


class RemoveFixedBody(msgspec.Struct):
    wanted: _Address = msgspec.field(name="removeFixedIp")


def routes(house: House) -> list[Route]:
    path, action = V + "/servers/{id}/os-interface", V + "/servers/{id}/action"
    return [
        Route("GET", path, partial(find, house), "instance.read", "compute"),
        Route("GET", path + "/{port}", partial(show, house), "instance.read", "compute"),
        Route("POST", path, partial(attach, house), "instance.update", "compute", body_type=AttachBody),
        Route("DELETE", path + "/{port}", partial(detach, house), "instance.update", "compute", success=202),
        Route("POST", action, waited(partial(add_fixed, house)), "instance.update", "compute", body_key="addFixedIp",
              body_type=AddFixedBody, wait=True, success=202),
        Route("POST", action, waited(partial(remove_fixed, house)), "instance.update", "compute",
              body_key="removeFixedIp", body_type=RemoveFixedBody, wait=True, success=202),
    ]  # fmt: skip


def find(house: House, request: Request) -> Response:
    view = read.get(house, request.call(), server_id(request))
    return json_response({"interfaceAttachments": [_render(request, nic, view) for nic in view.nics]})


def show(house: House, request: Request) -> Response:
    port, view = request.params["port"], read.get(house, request.call(), server_id(request))
    nic = next((nic for nic in view.nics if nic.id == port), None)
    if nic is None:
        raise NotFound("network", kind="nic", id=port)
    return json_response({"interfaceAttachment": _render(request, nic, view)})


def attach(house: House, request: Request) -> Response:
    """By nothing at all: on the project's only network."""
    instance_id = server_id(request)
    nic = nics.attach(house, request.call(), instance_id, _choice(request, request.json(AttachBody).wanted))
    view = read.get(house, request.call(), instance_id)
    return json_response({"interfaceAttachment": _render(request, nic, view)})


def detach(house: House, request: Request) -> Response:
    nics.detach(house, request.call(), server_id(request), NicId(request.params["port"]))
    return accepted()


def add_fixed(house: House, request: Request) -> Response:
    network = NetworkId(request.json(AddFixedBody).wanted.networkId)
    addresses.add(house, request.call(), server_id(request), network)
    return accepted()


def remove_fixed(house: House, request: Request) -> Response:
    addresses.remove(house, request.call(), server_id(request), request.json(RemoveFixedBody).wanted.address)
    return accepted()


def _choice(request: Request, wanted: _Wanted) -> NicChoice:
    if wanted.tag is not None and not at_least(request, 49):
        raise Invalid("api", field="interfaceAttachment.tag", reason="unknown_field")
    tag = check_tag("interfaceAttachment.tag", wanted.tag) if wanted.tag is not None else ""
    if wanted.port_id is not None and (wanted.net_id is not None or wanted.fixed_ips):
        raise Invalid("api", field="interfaceAttachment", reason="one_of", names=["port_id", "net_id"])
    if wanted.fixed_ips and wanted.net_id is None:
        raise Invalid("api", field="interfaceAttachment.net_id", reason="missing", name="net_id")
    if len(wanted.fixed_ips) > 1:
        raise Invalid("api", field="interfaceAttachment.fixed_ips", reason="too_many", most=1)
    for field in ("port_id", "net_id"):
        text = getattr(wanted, field)
        if text is not None and not is_uuid(text):
            raise Invalid("api", field=f"interfaceAttachment.{field}", reason="not_a_uuid", value=text)
    if wanted.port_id is not None:
        return NicChoice(nic_id=NicId(wanted.port_id), tag=tag)
    network = NetworkId(wanted.net_id) if wanted.net_id is not None else None
    fixed_ip = wanted.fixed_ips[0].ip_address if wanted.fixed_ips else None
    return NicChoice(network_id=network, fixed_ip=fixed_ip, tag=tag)


def _render(request: Request, nic: Nic, view: read.InstanceView) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "port_id": nic.id,
        "net_id": nic.network_id,
        "mac_addr": nic.mac,
        "port_state": status_of(nic, view.seen).upper(),
        "fixed_ips": [{"subnet_id": ip.subnet_id, "ip_address": ip.address} for ip in nic.fixed_ips],
    }
    return shown | {"tag": nic.tag or None} if at_least(request, 70) else shown
