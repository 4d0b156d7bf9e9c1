"""Neutron v2.0 over the doors of networks."""

from typing import Any

from kumoi.api.edge.routes import Route, Tongue
from kumoi.api.edge.tokens import by_token
from kumoi.api.openstack.catalog import Site
from kumoi.api.openstack.network import (
    address_groups,
    address_scopes,
    agents,
    auto_topology,
    availability,
    conntrack_helpers,
    default_rules,
    discovery,
    flavors,
    floating_ips,
    metering,
    ndp_proxies,
    networks,
    port_forwardings,
    ports,
    qos_policies,
    qos_rules,
    quotas,
    rbac_policies,
    resources,
    routers,
    security_groups,
    segment_ranges,
    segments,
    subnet_pools,
    subnets,
    tags,
    trunks,
    zones,
)
from kumoi.api.openstack.network.errors import render_error
from kumoi.api.openstack.network.resources import Resource
from kumoi.app.house import House

_TAGGED: tuple[Resource[Any], ...] = (
    networks.RESOURCE,
    subnets.RESOURCE,
    subnet_pools.RESOURCE,
    ports.RESOURCE,
    routers.RESOURCE,
    floating_ips.RESOURCE,
    security_groups.GROUP,
    qos_policies.RESOURCE,
    address_groups.RESOURCE,
    trunks.RESOURCE,
)
RESOURCES: tuple[Resource[Any], ...] = (
    *_TAGGED,
    security_groups.RULE,
    default_rules.RESOURCE,
    address_scopes.RESOURCE,
    rbac_policies.RESOURCE,
    segment_ranges.RESOURCE,
    metering.LABEL,
    metering.RULE,
    ndp_proxies.RESOURCE,
    flavors.FLAVOR,
    flavors.PROFILE,
)


def tongue(house: House, site: Site) -> Tongue:
    """Mounted at /network."""
    kinds = [(r.table.plural, r.path) for r in RESOURCES]
    routes: list[Route] = [
        *discovery.routes(house, site, kinds),
        *(route for r in RESOURCES for route in resources.routes(house, r)),
        *(route for r in _TAGGED for route in tags.routes(house, r)),
        *routers.action_routes(house),
        *subnet_pools.action_routes(house),
        *address_groups.action_routes(house),
        *port_forwardings.routes(house),
        *conntrack_helpers.routes(house),
        *trunks.action_routes(house),
        *qos_rules.routes(house),
        *quotas.routes(house),
        *zones.routes(),
        *agents.routes(house),
        *flavors.routes(house),
        *availability.routes(house),
        *segments.routes(house),
        *auto_topology.routes(house),
    ]
    return Tongue(
        name="network",
        prefix="/network",
        routes=routes,
        authenticate=by_token(house),
        render_error=render_error,
    )
