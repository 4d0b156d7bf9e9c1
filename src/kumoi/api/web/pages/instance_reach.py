"""An instance reached from outside: a floating IP given to it from its own page, or what stands in the way of one.

What does not belong here: floating IPs as a list, and taking one away (floating_ips).
"""

from functools import partial
from typing import Any, Final

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.web.forms import EMPTY, Form, form_of
from kumoi.api.web.front import Front
from kumoi.api.web.refusals import at_fields
from kumoi.api.web.words import Table
from kumoi.app.instances import read
from kumoi.app.instances.read import InstanceView
from kumoi.app.networks import public_addresses as doors
from kumoi.app.networks import reading
from kumoi.app.networks.atlas import atlas
from kumoi.app.networks.networks import NETWORKS
from kumoi.app.networks.public_addresses import PUBLIC_ADDRESSES, PublicChange, PublicWish
from kumoi.app.networks.vpcs import VPCS, VpcView
from kumoi.app.quotas import quota
from kumoi.core.errors import KumoiError
from kumoi.core.ids import InstanceId, NetworkId, NicId, PublicAddressId, SubnetId
from kumoi.core.nics import Nic
from kumoi.core.query import Filter, Order, Query, eq

WORDS: Final[Table] = {
    "title": ("Floating IP for {name}", "{name} に Floating IP を割り当て"),
    "give": ("Associate floating IP…", "Floating IP を割り当て…"),
    "submit": ("Associate", "割り当て"),
    "take": ("Disassociate {address}", "{address} の割り当てを解除"),
    "from": ("Floating IP", "Floating IP"),
    "from.new": ("A new one from {network}", "{network} から新しく確保"),
    "from.free": ("{address} (yours, free)", "{address}（確保済み・未割り当て）"),
    "from.help": (
        "It stays yours when the instance goes.",
        "インスタンスを削除しても手元に残ります。",
    ),
    "to": ("Leads to", "割り当て先"),
    "open": (
        "Security groups let in only what their rules name.",
        "セキュリティグループのルールで許可された通信だけが届きます。",
    ),
    "done": ("{address} leads to {name} now.", "{address} を {name} に割り当てました。"),
    "not.elsewhere": (
        "It belongs to another project. Switch to that project first.",
        "別のプロジェクトのインスタンスです。先にそのプロジェクトへ切り替えてください。",
    ),
    "not.no_address": (
        "It has no IPv4 address, which a floating IP could lead to.",
        "Floating IP の割り当て先となる IPv4 アドレスがありません。",
    ),
    "not.all_led": (
        "Each of its IPv4 addresses has a floating IP already.",
        "すべての IPv4 アドレスに Floating IP が割り当てられています。",
    ),
    "not.no_router": (
        "No router leads from {network} to an outer network. Give its subnet one that has a gateway.",
        "{network} から外部ネットワークに通じるルーターがありません。"
        "ゲートウェイを持つルーターにサブネットを接続してください。",
    ),
    "not.no_gateway": (
        "Router {router} has no gateway to an outer network. Set one.",
        "ルーター {router} に外部ネットワークへのゲートウェイがありません。設定してください。",
    ),
    "not.no_router.go": ("Routers", "ルーター一覧"),
    "not.no_gateway.go": ("The router", "ルーターを開く"),
    "not.full": (
        "The quota is used up ({used} of {most}), and none of yours is free.",
        "クォータの上限に達しており（{most} 中 {used}）、空いている Floating IP もありません。",
    ),
}
_TEMPLATE: Final = "instance_reach.html"
_FIELDS: Final = {"network_id": "from", "nic_id": "to", "fixed_address": "to", "in_use": "to", "no_address": "from"}


class Ways(msgspec.Struct, frozen=True, kw_only=True):
    """What may lead to the instance, and to where in it: pairs of value and text. `not_`: why nothing may, a key of the
    words, with `facts`; `go`: where that is mended."""

    sources: list[tuple[str, str]] = []
    targets: list[tuple[str, str]] = []
    not_: str = ""
    facts: dict[str, Any] = {}
    go: str = ""


def routes(front: Front) -> list[Route]:
    path = "/instances/{id}/floating-ip"
    return [
        Route("GET", path, partial(ask, front), "public_address.read", "web"),
        Route("POST", path, partial(give, front), "public_address.update", "web"),
    ]


def ask(front: Front, request: Request) -> Response:
    return _dialog(front, request, EMPTY)


def give(front: Front, request: Request) -> Response:
    form, view = form_of(request), _view(front, request)
    nic_id, _, fixed = form.text("to").partition("/")
    kind, _, source = form.text("from").partition("/")
    call = request.call()
    try:
        if kind == "new":
            wish = PublicWish(network_id=NetworkId(source), nic_id=NicId(nic_id), fixed_address=fixed or None)
            led = doors.create_public_address(front.house, call, wish).public
        else:
            change = PublicChange(nic_id=NicId(nic_id), fixed_address=fixed or None)
            led = doors.update_public_address(front.house, call, PublicAddressId(source), change).public
    except KumoiError as e:
        return _dialog(front, request, form, e)
    text = front.say(request, "instance_reach.done", address=led.address, name=view.instance.name)
    return front.done(request, f"/instances/{view.instance.id}", text, stay=True)


def _dialog(front: Front, request: Request, form: Form, error: KumoiError | None = None) -> Response:
    view = _view(front, request)
    values: dict[str, Any] = {"one": view.instance, "form": form, "ways": _ways(front, request, view), "errors": {}}
    if error is None:
        return front.part(request, _TEMPLATE, "reach", **values)
    values["errors"] = at_fields(request, error, _FIELDS)
    return front.again(request, _TEMPLATE, "reach", error, **values)


def _ways(front: Front, request: Request, view: InstanceView) -> Ways:
    call = request.call()
    if view.instance.project_id != call.project_id:
        return Ways(not_="elsewhere")
    fours = [(nic, ip) for nic in view.nics for ip in nic.fixed_ips if ":" not in ip.address]
    if not fours:
        return Ways(not_="no_address")
    led = {(public.nic_id, public.fixed_address) for public in view.public}
    free = [(nic, ip) for nic, ip in fours if (nic.id, ip.address) not in led]
    if not free:
        return Ways(not_="all_led")
    routers = _routers(front, request)
    outer = {ip: _outer(routers.get(ip.subnet_id)) for _, ip in free}
    if not any(outer.values()):
        return _mend(view, free[0][0], routers.get(free[0][1].subnet_id))
    sources = _sources(front, request, frozenset().union(*outer.values()))
    if not sources:
        counter = quota(front.house, call, call.project_id)["public_addresses"]
        return Ways(not_="full", facts={"used": counter.used, "most": counter.most})
    targets = [(f"{nic.id}/{ip.address}", ip.address) for nic, ip in free if outer[ip]]
    return Ways(sources=sources, targets=targets)


def _routers(front: Front, request: Request) -> dict[SubnetId, VpcView]:
    """By the subnets that they have a leg on."""
    views = {v.vpc.id: v for v in reading.find_here(front.house, request.call(), VPCS, Query())}
    vpc_of = atlas(front.house, request.call()).vpc_of
    return {subnet_id: views[vpc_id] for subnet_id, vpc_id in vpc_of.items() if vpc_id in views}


def _sources(front: Front, request: Request, outer: frozenset[NetworkId]) -> list[tuple[str, str]]:
    """Free ones of the project's own first: they are paid for already."""
    call = request.call()
    idle = Query(filters=(Filter("nic_id", "null", value=True),), order=(Order("created_at"),))
    own = [v.public for v in reading.find_here(front.house, call, PUBLIC_ADDRESSES, idle)]
    found = [
        (f"own/{p.id}", front.say(request, "instance_reach.from.free", address=p.address))
        for p in own
        if p.network_id in outer
    ]
    counter = quota(front.house, call, call.project_id)["public_addresses"]
    if counter.most >= 0 and counter.used >= counter.most:
        return found
    external = Query(filters=(eq("external", value=True),), order=(Order("name"),))
    networks = [v.network for v in reading.find_here(front.house, call, NETWORKS, external)]
    return found + [
        (f"new/{n.id}", front.say(request, "instance_reach.from.new", network=n.name or n.id[:8]))
        for n in networks
        if n.id in outer
    ]


def _outer(router: VpcView | None) -> frozenset[NetworkId]:
    """The outer networks that a router leads to."""
    return frozenset(gate.network_id for gate in router.gateways) if router is not None else frozenset()


def _mend(view: InstanceView, nic: Nic, router: VpcView | None) -> Ways:
    """What is missing between a nic and the outside."""
    if router is not None:
        vpc = router.vpc
        return Ways(not_="no_gateway", facts={"router": vpc.name or vpc.id[:8]}, go=f"/routers/{vpc.id}")
    network = view.networks.get(nic.network_id)
    name = network.name if network is not None and network.name else nic.network_id[:8]
    return Ways(not_="no_router", facts={"network": name}, go="/routers")


def _view(front: Front, request: Request) -> InstanceView:
    return read.get(front.house, request.call(), InstanceId(request.params["id"]))
