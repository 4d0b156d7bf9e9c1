"""Subnets: describe, and whether instances on one get public addresses."""

from functools import partial
from ipaddress import ip_network
from typing import Final

from kumoi.api.aws.actions import Action, Values
from kumoi.api.aws.ec2 import paging
from kumoi.api.aws.ec2.filters import matching
from kumoi.api.aws.ec2.ground import ZONE, Ground, ground, spelled, tag_list
from kumoi.api.edge.request import Request
from kumoi.app import tags as labels
from kumoi.app.house import House
from kumoi.app.networks.atlas import free_addresses
from kumoi.app.networks.subnets import SUBNETS, SubnetChange, update_subnet
from kumoi.core.errors import Invalid, Unsupported
from kumoi.core.ids import ec2_id
from kumoi.core.networks import Subnet

PLACES: Final = {
    "availability-zone": "AvailabilityZone",
    "availabilityZone": "AvailabilityZone",
    "availability-zone-id": "AvailabilityZoneId",
    "available-ip-address-count": "AvailableIpAddressCount",
    "cidr": "CidrBlock",
    "cidr-block": "CidrBlock",
    "cidrBlock": "CidrBlock",
    "default-for-az": "DefaultForAz",
    "defaultForAz": "DefaultForAz",
    "map-public-ip-on-launch": "MapPublicIpOnLaunch",
    "owner-id": "OwnerId",
    "state": "State",
    "subnet-arn": "SubnetArn",
    "subnet-id": "SubnetId",
    "vpc-id": "VpcId",
}


def actions(house: House) -> list[Action]:
    return [
        Action("DescribeSubnets", partial(describe, house), "subnet.read"),
        Action("ModifySubnetAttribute", partial(modify, house), "subnet.update"),
    ]


def modify(house: House, request: Request, wish: Values) -> Values:
    """One attribute a call, as EC2 has it."""
    here = ground(house, request)
    subnet = here.subnet(wish["SubnetId"])
    for name, value in wish.items():
        if name not in {"SubnetId", "MapPublicIpOnLaunch", "DryRun"} and value:
            raise Unsupported("network", what=name)
    if (public := wish.get("MapPublicIpOnLaunch")) is None:
        raise Invalid("api", field="MapPublicIpOnLaunch", reason="missing")
    update_subnet(house, here.call, subnet.id, SubnetChange(public_on_launch=bool(public.get("Value"))))
    return {}


def describe(house: House, request: Request, wish: Values) -> Values:
    here = ground(house, request)
    matches = matching(wish, PLACES)
    if texts := wish.get("SubnetIds"):
        chosen = list({s.id: s for s in map(here.subnet, texts)}.values())
    else:
        chosen = [s for s in here.atlas.subnets.values() if s.ip_version == 4]
    free = free_addresses(house, here.call, tuple(chosen))
    tagged = labels.of(house, here.call, SUBNETS.kind, tuple(s.id for s in chosen))
    shown = [
        (paging.by_time(s.created_at, s.id), render(here, s, free[s.id], tag_list(tagged.get(s.id)))) for s in chosen
    ]
    page, token = paging.cut(wish, [(key, values) for key, values in shown if matches(values)])
    return paging.with_token({"Subnets": page}, token)


def render(here: Ground, subnet: Subnet, free: int, tagged: list[dict[str, str]]) -> Values:
    """A subnet without a router is shown without a VPC."""
    default = here.atlas.default_subnet
    subnet_id = ec2_id("subnet", subnet.id)
    return {
        "SubnetId": subnet_id,
        "SubnetArn": here.arn("subnet", subnet_id),
        "VpcId": spelled("vpc", here.vpc_of(subnet.id)),
        "OwnerId": here.account,
        "State": "available",
        "CidrBlock": str(ip_network(subnet.cidr)),
        "Ipv6CidrBlockAssociationSet": [],
        "AvailableIpAddressCount": free,
        "AvailabilityZone": ZONE,
        "AvailabilityZoneId": ZONE,
        "DefaultForAz": default is not None and default.id == subnet.id,
        "MapPublicIpOnLaunch": subnet.public_on_launch,
        "AssignIpv6AddressOnCreation": False,
        "MapCustomerOwnedIpOnLaunch": False,
        "EnableDns64": False,
        "Ipv6Native": False,
        "Tags": tagged,
    }
