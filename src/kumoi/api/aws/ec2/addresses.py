"""Elastic IPs: allocate, associate, disassociate, release, describe. An address has one association, of its digits.

Those that were made with an instance are none: they are shown where the instance is.
"""

from functools import partial
from typing import Final

from kumoi.api.aws.actions import Action, Values
from kumoi.api.aws.ec2 import ids, interfaces, tags
from kumoi.api.aws.ec2.filters import matching
from kumoi.api.aws.ec2.ground import account, tag_list
from kumoi.api.aws.ec2.instances import living_id
from kumoi.api.edge.request import Request
from kumoi.app import tags as labels
from kumoi.app.house import House
from kumoi.app.instances import read
from kumoi.app.networks import reading
from kumoi.app.networks.public_addresses import (
    PUBLIC_ADDRESSES,
    PublicChange,
    PublicView,
    PublicWish,
    create_public_address,
    delete_public_address,
    update_public_address,
)
from kumoi.core.call import Call
from kumoi.core.errors import InUse, Invalid
from kumoi.core.ids import NicId, ec2_id
from kumoi.core.query import Filter, Order, Query, eq

KIND: Final = PUBLIC_ADDRESSES.kind
PLACES: Final = {
    "allocation-id": "AllocationId",
    "association-id": "AssociationId",
    "domain": "Domain",
    "instance-id": "InstanceId",
    "network-border-group": "NetworkBorderGroup",
    "network-interface-id": "NetworkInterfaceId",
    "network-interface-owner-id": "NetworkInterfaceOwnerId",
    "private-ip-address": "PrivateIpAddress",
    "public-ip": "PublicIp",
}


def actions(house: House) -> list[Action]:
    return [
        Action("AllocateAddress", partial(allocate, house), "public_address.create"),
        Action("AssociateAddress", partial(associate, house), "public_address.update"),
        Action("DisassociateAddress", partial(disassociate, house), "public_address.update"),
        Action("ReleaseAddress", partial(release, house), "public_address.delete"),
        Action("DescribeAddresses", partial(describe, house), "public_address.read"),
    ]


def allocate(house: House, request: Request, wish: Values) -> Values:
    """`standard` addresses were EC2's before there were VPCs: all are a VPC's here, as at Amazon today."""
    if wish.get("Domain", "vpc") not in {"vpc", "standard"}:
        raise Invalid("api", field="Domain", reason="not_in_enum", value=wish["Domain"])
    call = request.call()
    pairs = tags.wished(wish, KIND)
    made = create_public_address(house, call, PublicWish(address=wish.get("Address"))).public
    tags.tag(house, call, KIND, made.id, pairs)
    return {
        "AllocationId": ec2_id("eipalloc", made.id),
        "PublicIp": made.address,
        "Domain": "vpc",
        "NetworkBorderGroup": house.rules.region,
        "PublicIpv4Pool": "amazon",
    }


def associate(house: House, request: Request, wish: Values) -> Values:
    """Away from where it led, unless `AllowReassociation` is false."""
    call = request.call()
    view = _chosen(house, call, wish)
    nic_id = _nic(house, call, wish)
    public = view.public
    if wish.get("AllowReassociation") is False and public.nic_id not in {None, nic_id}:
        by_id = ec2_id("eni", public.nic_id or "")
        raise InUse("network", kind="associated_address", id=public.address, by_kind="nic", by_id=by_id)
    change = PublicChange(nic_id=nic_id, fixed_address=wish.get("PrivateIpAddress"), if_generation=public.generation)
    update_public_address(house, call, public.id, change)
    return {"AssociationId": ec2_id("eipassoc", public.id)}


def disassociate(house: House, request: Request, wish: Values) -> Values:
    call = request.call()
    if text := wish.get("AssociationId"):
        start = ids.starts("association", text)
        found = [v for v in _find(house, call, Query(filters=(start,))) if v.public.nic_id]
        if not found:
            raise ids.not_found("association", text)
        view = found[0]
    else:
        view = _chosen(house, call, wish)
    update_public_address(house, call, view.public.id, PublicChange(nic_id=None))
    return {}


def release(house: House, request: Request, wish: Values) -> Values:
    """InUse while it leads somewhere."""
    call = request.call()
    public = _chosen(house, call, wish).public
    if public.nic_id is not None:
        by_id = ec2_id("eni", public.nic_id)
        raise InUse("network", kind="held_address", id=public.address, by_kind="nic", by_id=by_id)
    delete_public_address(house, call, public.id)
    return {}


def describe(house: House, request: Request, wish: Values) -> Values:
    call = request.call()
    matches = matching(wish, PLACES)
    views = _named(house, call, wish)
    tagged = labels.of(house, call, KIND, tuple(v.public.id for v in views))
    own = account(house, call)
    shown = [_render(v, own, house.rules.region, tag_list(tagged.get(v.public.id))) for v in views]
    return {"Addresses": [values for values in shown if matches(values)]}


def _render(view: PublicView, own: str, region: str, tagged: list[dict[str, str]]) -> Values:
    public, nic = view.public, view.nic
    shown: Values = {
        "AllocationId": ec2_id("eipalloc", public.id),
        "PublicIp": public.address,
        "Domain": "vpc",
        "PublicIpv4Pool": "amazon",
        "NetworkBorderGroup": region,
        "Tags": tagged,
    }
    if nic is None:
        return shown
    return shown | {
        "AssociationId": ec2_id("eipassoc", public.id),
        "InstanceId": ec2_id("i", nic.instance_id) if nic.instance_id else None,
        "NetworkInterfaceId": ec2_id("eni", nic.id),
        "NetworkInterfaceOwnerId": own,
        "PrivateIpAddress": public.fixed_address,
    }


def _nic(house: House, call: Call, wish: Values) -> NicId:
    """The interface that is named, or the only one of the instance that is."""
    if wish.get("NetworkInterfaceId"):
        return interfaces.found(house, call, wish["NetworkInterfaceId"]).id
    if not wish.get("InstanceId"):
        raise Invalid("api", field="InstanceId", reason="missing")
    view = read.get(house, call, living_id(house, call, wish["InstanceId"], "associate"))
    if not view.nics:
        raise Invalid("api", field="InstanceId", reason="no_nic", value=wish["InstanceId"])
    if len(view.nics) > 1:
        raise Invalid("api", field="InstanceId", reason="several_nics", value=wish["InstanceId"])
    return view.nics[0].id


def _chosen(house: House, call: Call, wish: Values) -> PublicView:
    """By its allocation or by itself."""
    if wish.get("AllocationId"):
        return ids.one(KIND, wish["AllocationId"], partial(_find, house, call))
    if wish.get("PublicIp"):
        return _by_address(house, call, wish["PublicIp"])
    raise Invalid("api", field="AllocationId", reason="missing")


def _by_address(house: House, call: Call, text: str) -> PublicView:
    found = _find(house, call, Query(filters=(eq("address", text),)))
    if not found:
        raise ids.not_found("address", text)
    return found[0]


def _named(house: House, call: Call, wish: Values) -> list[PublicView]:
    texts, plain = wish.get("AllocationIds", ()), wish.get("PublicIps", ())
    if not texts and not plain:
        return _find(house, call, Query(order=(Order("created_at"),)))
    named = ids.each(KIND, texts, partial(_find, house, call)) + [_by_address(house, call, text) for text in plain]
    return list({v.public.id: v for v in named}.values())


def _find(house: House, call: Call, query: Query) -> list[PublicView]:
    own = query.where(eq("project_id", call.project_id), Filter("made_for", "null", True))
    return reading.find(house, call, PUBLIC_ADDRESSES, own)
