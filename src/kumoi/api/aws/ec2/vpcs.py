"""VPCs: describe, and their attributes. A VPC is a router; Neutron's have no block: they show what subnets span."""

from functools import partial
from ipaddress import IPv4Network, ip_network
from typing import Final

from kumoi.api.aws.actions import Action, Values
from kumoi.api.aws.ec2 import paging
from kumoi.api.aws.ec2.filters import matching
from kumoi.api.aws.ec2.ground import Ground, ground, tag_list
from kumoi.api.edge.request import Request
from kumoi.app import tags as labels
from kumoi.app.house import House
from kumoi.app.networks.vpcs import VPCS
from kumoi.core.errors import Invalid
from kumoi.core.ids import ec2_id
from kumoi.core.vpcs import Vpc

NOTHING: Final = "0.0.0.0/0"
DHCP_OPTIONS: Final = "default"
# Guests' names are always answered.
ATTRIBUTES: Final = {
    "enableDnsSupport": ("EnableDnsSupport", True),
    "enableDnsHostnames": ("EnableDnsHostnames", True),
    "enableNetworkAddressUsageMetrics": ("EnableNetworkAddressUsageMetrics", False),
}
PLACES: Final = {
    "cidr": "CidrBlock",
    "cidr-block-association.cidr-block": "CidrBlockAssociationSet.CidrBlock",
    "dhcp-options-id": "DhcpOptionsId",
    "is-default": "IsDefault",
    "isDefault": "IsDefault",
    "owner-id": "OwnerId",
    "state": "State",
    "vpc-id": "VpcId",
}


def actions(house: House) -> list[Action]:
    return [
        Action("DescribeVpcs", partial(describe, house), "vpc.read"),
        Action("DescribeVpcAttribute", partial(attribute, house), "vpc.read"),
    ]


def describe(house: House, request: Request, wish: Values) -> Values:
    here = ground(house, request)
    matches = matching(wish, PLACES)
    texts = wish.get("VpcIds")
    chosen = list({v.id: v for v in map(here.vpc, texts)}.values()) if texts else list(here.atlas.vpcs)
    tagged = labels.of(house, here.call, VPCS.kind, tuple(v.id for v in chosen))
    shown = [(paging.by_time(v.created_at, v.id), render(here, v, tag_list(tagged.get(v.id)))) for v in chosen]
    page, token = paging.cut(wish, [(key, values) for key, values in shown if matches(values)])
    return paging.with_token({"Vpcs": page}, token)


def attribute(house: House, request: Request, wish: Values) -> Values:
    vpc = ground(house, request).vpc(wish["VpcId"])
    if wish["Attribute"] not in ATTRIBUTES:
        raise Invalid("api", field="Attribute", reason="not_in_enum", value=wish["Attribute"])
    member, value = ATTRIBUTES[wish["Attribute"]]
    return {"VpcId": ec2_id("vpc", vpc.id), member: {"Value": value}}


def render(here: Ground, vpc: Vpc, tagged: list[dict[str, str]]) -> Values:
    cidr = vpc.cidr or _around(here.atlas.cidrs_of(vpc.id))
    vpc_id = ec2_id("vpc", vpc.id)
    return {
        "VpcId": vpc_id,
        "OwnerId": here.account,
        "State": "available",
        "CidrBlock": cidr,
        "CidrBlockAssociationSet": [
            {
                "AssociationId": vpc_id.replace("vpc-", "vpc-cidr-assoc-"),
                "CidrBlock": cidr,
                "CidrBlockState": {"State": "associated"},
            }
        ],
        "Ipv6CidrBlockAssociationSet": [],
        "DhcpOptionsId": DHCP_OPTIONS,
        "InstanceTenancy": "default",
        "IsDefault": vpc.id == here.atlas.default_vpc,
        "Tags": tagged,
    }


def _around(cidrs: tuple[str, ...]) -> str:
    """The smallest IPv4 block that holds all of these."""
    blocks = [b for b in map(ip_network, cidrs) if isinstance(b, IPv4Network)]
    if not blocks:
        return NOTHING
    around = blocks[0]
    while not all(block.subnet_of(around) for block in blocks):
        around = around.supernet()
    return str(around)
