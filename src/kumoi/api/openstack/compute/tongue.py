"""Nova as a tongue: every resource's routes under one prefix."""

from kumoi.api.edge.routes import Tongue
from kumoi.api.edge.tokens import by_token
from kumoi.api.openstack.catalog import Site
from kumoi.api.openstack.compute import (
    actions,
    aggregates,
    availability_zones,
    diagnostics,
    discovery,
    flavor_extras,
    flavors,
    floating_ips,
    hosts,
    images,
    imaging,
    instance_actions,
    interfaces,
    keypairs,
    limits,
    metadata,
    networks,
    reforming,
    remote_consoles,
    security_groups,
    server_groups,
    servers,
    services,
    unbuilt,
    usage,
)
from kumoi.api.openstack.compute.errors import render_error
from kumoi.api.openstack.compute.versions import headers, version_of
from kumoi.app.house import House


def tongue(house: House, site: Site) -> Tongue:
    """Mounted at /compute."""
    return Tongue(
        name="compute",
        prefix="/compute",
        routes=[
            *discovery.routes(site),
            *servers.routes(house),
            *actions.routes(house),
            *reforming.routes(house),
            *imaging.routes(house),
            *interfaces.routes(house),
            *remote_consoles.routes(house, site),
            *metadata.routes(house),
            *instance_actions.routes(house),
            *diagnostics.routes(house),
            *flavors.routes(house),
            *flavor_extras.routes(house),
            *keypairs.routes(house),
            *limits.routes(house),
            *hosts.routes(house),
            *aggregates.routes(house),
            *availability_zones.routes(house),
            *server_groups.routes(house),
            *services.routes(house),
            *images.routes(house),
            *networks.routes(house),
            *security_groups.routes(house),
            *floating_ips.routes(house),
            *usage.routes(house),
            *unbuilt.routes(house),
        ],
        authenticate=by_token(house),
        render_error=render_error,
        version=version_of,
        headers=headers,
        id_headers=("x-openstack-request-id", "x-compute-request-id"),
    )
