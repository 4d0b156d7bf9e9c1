"""Network interfaces: create, describe, change, attach, detach, delete.

Legs of routers and the cloud's own nics are not among them.
"""

from functools import partial
from typing import Final

from msgspec import UNSET

from kumoi.api.aws.actions import Action, Values
from kumoi.api.aws.ec2 import groups, ids, paging, tags
from kumoi.api.aws.ec2.filters import matching
from kumoi.api.aws.ec2.ground import ZONE, Ground, ground, spelled, tag_list
from kumoi.api.aws.ec2.instance_views import attachment
from kumoi.api.aws.ec2.instances import living_id
from kumoi.api.edge.request import Request
from kumoi.app import tags as labels
from kumoi.app.house import House
from kumoi.app.instances import nics
from kumoi.app.instances.wish import NicChoice
from kumoi.app.networks import reading
from kumoi.app.networks.addresses import FixedWish
from kumoi.app.networks.nic_doors import NICS, NicChange, create_nics, delete_nic, update_nic
from kumoi.app.networks.nics import NicWish
from kumoi.app.networks.public_addresses import PUBLIC_ADDRESSES
from kumoi.app.networks.security_groups import GROUPS
from kumoi.core.call import Call
from kumoi.core.errors import Unsupported
from kumoi.core.groups import SecurityGroup
from kumoi.core.ids import ec2_id
from kumoi.core.nics import Nic
from kumoi.core.query import Query, eq, is_in
from kumoi.core.vpcs import PublicAddress

USES: Final = ("", "instance")
# Members that are understood; every other one that is given is refused by name.
CREATED: Final = frozenset(
    {"ClientToken", "Description", "Groups", "InterfaceType", "PrivateIpAddress", "SubnetId", "TagSpecifications"}
)
ATTACHED: Final = frozenset({"DeviceIndex", "InstanceId", "NetworkInterfaceId"})
CHANGED: Final = frozenset({"Description", "Groups", "NetworkInterfaceId"})
PLACES: Final = {
    "addresses.association.public-ip": "PrivateIpAddresses.Association.PublicIp",
    "addresses.primary": "PrivateIpAddresses.Primary",
    "addresses.private-ip-address": "PrivateIpAddresses.PrivateIpAddress",
    "association.allocation-id": "Association.AllocationId",
    "association.association-id": "Association.AssociationId",
    "association.public-ip": "Association.PublicIp",
    "attachment.attachment-id": "Attachment.AttachmentId",
    "attachment.delete-on-termination": "Attachment.DeleteOnTermination",
    "attachment.device-index": "Attachment.DeviceIndex",
    "attachment.instance-id": "Attachment.InstanceId",
    "attachment.instance-owner-id": "Attachment.InstanceOwnerId",
    "attachment.status": "Attachment.Status",
    "availability-zone": "AvailabilityZone",
    "description": "Description",
    "group-id": "Groups.GroupId",
    "group-name": "Groups.GroupName",
    "interface-type": "InterfaceType",
    "mac-address": "MacAddress",
    "network-interface-id": "NetworkInterfaceId",
    "owner-id": "OwnerId",
    "private-dns-name": "PrivateDnsName",
    "private-ip-address": "PrivateIpAddress",
    "requester-managed": "RequesterManaged",
    "source-dest-check": "SourceDestCheck",
    "status": "Status",
    "subnet-id": "SubnetId",
    "vpc-id": "VpcId",
}


def actions(house: House) -> list[Action]:
    return [
        Action("AttachNetworkInterface", partial(attach, house), "instance.update"),
        Action("CreateNetworkInterface", partial(create, house), "nic.create"),
        Action("DeleteNetworkInterface", partial(delete, house), "nic.delete"),
        Action("DescribeNetworkInterfaces", partial(describe, house), "nic.read"),
        Action("DetachNetworkInterface", partial(detach, house), "instance.update"),
        Action("ModifyNetworkInterfaceAttribute", partial(modify, house), "nic.update"),
    ]


def create(house: House, request: Request, wish: Values) -> Values:
    for name, value in wish.items():
        if name not in CREATED and value:
            raise Unsupported("network", what=name)
    here = ground(house, request)
    subnet = here.subnet(wish["SubnetId"])
    pairs = tags.wished(wish, NICS.kind)
    asked = NicWish(
        network_id=subnet.network_id,
        fixed_ips=(FixedWish(subnet_id=subnet.id, address=wish.get("PrivateIpAddress")),),
        group_ids=groups.found(house, here.call, wish["Groups"]) if wish.get("Groups") else None,
        description=wish.get("Description", ""),
    )
    made = create_nics(house, here.call, (asked,))[0].nic
    tags.tag(house, here.call, NICS.kind, made.id, pairs)
    return {"NetworkInterface": render(house, here, [made])[0]}


def delete(house: House, request: Request, wish: Values) -> Values:
    call = request.call()
    delete_nic(house, call, found(house, call, wish["NetworkInterfaceId"]).id, plugged=False)
    return {}


def attach(house: House, request: Request, wish: Values) -> Values:
    """The device index is its slot, the same over every reboot."""
    call = request.call()
    for name, value in wish.items():
        if name not in ATTACHED and value:
            raise Unsupported("network", what=name)
    nic = found(house, call, wish["NetworkInterfaceId"])
    instance_id = living_id(house, call, wish["InstanceId"], "attach_nic")
    done = nics.attach(house, call, instance_id, NicChoice(nic_id=nic.id), slot=int(wish["DeviceIndex"]))
    return {"AttachmentId": ec2_id("eni-attach", done.id), "NetworkCardIndex": 0}


def detach(house: House, request: Request, wish: Values) -> Values:
    """`Force` changes nothing: the guest is asked, and the interface is closed at once."""
    call = request.call()
    nic = ids.one("attachment", wish["AttachmentId"], partial(_nics, house, call))
    if nic.instance_id is None:
        raise ids.not_found("attachment", wish["AttachmentId"])
    nics.detach(house, call, nic.instance_id, nic.id, first=False)
    return {}


def modify(house: House, request: Request, wish: Values) -> Values:
    """Its groups and its description."""
    call = request.call()
    for name, value in wish.items():
        if name not in CHANGED and value:
            raise Unsupported("network", what=name)
    change = NicChange(
        description=wish["Description"].get("Value", "") if "Description" in wish else UNSET,
        group_ids=groups.found(house, call, wish["Groups"]) if wish.get("Groups") else UNSET,
    )
    update_nic(house, call, found(house, call, wish["NetworkInterfaceId"]).id, change)
    return {}


def describe(house: House, request: Request, wish: Values) -> Values:
    here = ground(house, request)
    matches = matching(wish, PLACES)
    find = partial(_nics, house, here.call)
    chosen = ids.each("nic", wish["NetworkInterfaceIds"], find) if wish.get("NetworkInterfaceIds") else find(Query())
    shown = [
        (paging.by_time(nic.created_at, nic.id), values)
        for nic, values in zip(chosen, render(house, here, chosen), strict=True)
    ]
    page, token = paging.cut(wish, [(key, values) for key, values in shown if matches(values)])
    return paging.with_token({"NetworkInterfaces": page}, token)


def found(house: House, call: Call, text: str) -> Nic:
    """The interface of this id. Raises NotFound, Invalid."""
    return ids.one("nic", text, partial(_nics, house, call))


def render(house: House, here: Ground, nics: list[Nic]) -> list[Values]:
    call = here.call
    own = Query(filters=(eq("project_id", call.project_id),))
    known = {g.id: g for g in reading.find_rows(house, call, GROUPS, own)}
    public: dict[str, list[PublicAddress]] = {}
    for address in reading.find_rows(house, call, PUBLIC_ADDRESSES, own):
        public.setdefault(address.nic_id or "", []).append(address)
    tagged = labels.of(house, call, NICS.kind, tuple(n.id for n in nics))
    return [
        _one(here, nic, [known[g] for g in nic.group_ids if g in known], public.get(nic.id, []))
        | {"TagSet": tag_list(tagged.get(nic.id))}
        for nic in nics
    ]


def association(public: PublicAddress) -> Values:
    """One that was made with the instance has no ids: there is nothing to allocate or to associate."""
    shown: Values = {"IpOwnerId": "amazon", "PublicDnsName": "", "PublicIp": public.address}
    if public.made_for is not None:
        return shown
    return shown | {"AllocationId": ec2_id("eipalloc", public.id), "AssociationId": ec2_id("eipassoc", public.id)}


def _nics(house: House, call: Call, query: Query) -> list[Nic]:
    own = query.where(eq("project_id", call.project_id), is_in("use", USES))
    return reading.find_rows(house, call, NICS, own)


def _one(here: Ground, nic: Nic, members: list[SecurityGroup], public: list[PublicAddress]) -> Values:
    subnet_id = here.subnet_of(nic)
    leading = {p.fixed_address: association(p) for p in public}
    fours = [ip.address for ip in nic.fixed_ips if ":" not in ip.address]
    addresses: list[Values] = [
        {"PrivateIpAddress": address, "Primary": n == 0, "Association": leading.get(address)}
        for n, address in enumerate(fours)
    ]
    return {
        "NetworkInterfaceId": ec2_id("eni", nic.id),
        "SubnetId": spelled("subnet", subnet_id),
        "VpcId": spelled("vpc", here.vpc_of(subnet_id)),
        "AvailabilityZone": ZONE,
        "Description": nic.description,
        "OwnerId": here.account,
        "InterfaceType": "interface",
        "RequesterManaged": False,
        "Status": "in-use" if nic.instance_id else "available",
        "MacAddress": nic.mac,
        "PrivateIpAddress": fours[0] if fours else None,
        "PrivateIpAddresses": addresses,
        "Ipv6Addresses": [{"Ipv6Address": ip.address} for ip in nic.fixed_ips if ":" in ip.address],
        "SourceDestCheck": nic.port_security,
        "Groups": [{"GroupId": ec2_id("sg", g.id), "GroupName": g.name} for g in members],
        "Attachment": _attached(here, nic),
        "Association": addresses[0]["Association"] if addresses else None,
    }


def _attached(here: Ground, nic: Nic) -> Values | None:
    if nic.instance_id is None:
        return None
    about = {"InstanceId": ec2_id("i", nic.instance_id), "InstanceOwnerId": here.account}
    return attachment(nic) | about
