"""NDP proxies: IPv6 addresses of nics for which a router answers on its external network, so that they are reached from
outside without a route there."""

import msgspec

from kumoi.core.ids import NdpProxyId, NicId, ProjectId, VpcId


class NdpProxy(msgspec.Struct, frozen=True, kw_only=True):
    """One address of one nic, published by one router."""

    id: NdpProxyId
    project_id: ProjectId
    vpc_id: VpcId
    nic_id: NicId
    address: str
    name: str = ""
    description: str = ""
    generation: int = 1
    created_at: float = 0.0
    updated_at: float = 0.0
