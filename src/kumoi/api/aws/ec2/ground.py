"""What every answer about one's things needs to know: the account, the region, which VPC a subnet is of."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

import msgspec

from kumoi.api.aws.ec2.ids import digits, not_found
from kumoi.api.edge.request import Request
from kumoi.app.house import House
from kumoi.app.identity.people import project
from kumoi.app.networks.atlas import Atlas, atlas
from kumoi.core.aggregates import ZONE as ZONE
from kumoi.core.call import Call, Locale
from kumoi.core.ids import Ec2Prefix, SubnetId, VpcId, ec2_id, ec2_key
from kumoi.core.networks import Subnet
from kumoi.core.nics import Nic
from kumoi.core.vpcs import Vpc

R = TypeVar("R", Subnet, Vpc)


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """Read once a request. `account`: the twelve digits of the call's project."""

    call: Call
    account: str
    region: str
    atlas: Atlas

    @property
    def locale(self) -> Locale:
        return self.call.locale

    def subnet_of(self, nic: Nic) -> SubnetId | None:
        """Where the nic's first address is, or would be."""
        if nic.fixed_ips:
            return nic.fixed_ips[0].subnet_id
        found = self.atlas.subnet_of_network(nic.network_id)
        return found.id if found else None

    def vpc_of(self, subnet_id: SubnetId | None) -> VpcId | None:
        return self.atlas.vpc_of.get(subnet_id) if subnet_id is not None else None

    def subnet(self, text: str) -> Subnet:
        """The subnet of this id. Raises NotFound, Invalid."""
        return _with_id("subnet", text, self.atlas.subnets.values())

    def vpc(self, text: str) -> Vpc:
        """The VPC of this id. Raises NotFound, Invalid."""
        return _with_id("vpc", text, self.atlas.vpcs)

    def arn(self, kind: str, name: str) -> str:
        return f"arn:aws:ec2:{self.region}:{self.account}:{kind}/{name}"


def ground(house: House, request: Request) -> Ground:
    call = request.call()
    return Ground(
        call=call,
        account=account(house, call),
        region=house.rules.region,
        atlas=atlas(house, call),
    )


def _with_id(kind: str, text: str, rows: Iterable[R]) -> R:
    wanted = digits(kind, text)
    for row in rows:
        if ec2_key(row.id) == wanted:
            return row
    raise not_found(kind, text)


def account(house: House, call: Call) -> str:
    return project(house, call, call.project_id).account


def spelled(prefix: Ec2Prefix, row_id: str | None) -> str | None:
    """An id for EC2, None for nothing."""
    return ec2_id(prefix, row_id) if row_id is not None else None


def tag_list(tags: Mapping[str, str] | None) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted((tags or {}).items())]
