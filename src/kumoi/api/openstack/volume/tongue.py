"""Cinder as a tongue: every resource's routes under one prefix, with and without the project in the path."""

from collections.abc import Callable, Iterable

from msgspec.structs import replace

from kumoi.api.edge.request import Request
from kumoi.api.edge.routes import Route, Tongue
from kumoi.api.edge.tokens import by_token
from kumoi.api.openstack.catalog import Site
from kumoi.api.openstack.volume import (
    attachments,
    backup_records,
    backups,
    clusters,
    default_types,
    discovery,
    encryption,
    extensions,
    group_snapshots,
    group_types,
    groups,
    messages,
    pools,
    qos_specs,
    quotas,
    resource_filters,
    services,
    snapshot_actions,
    snapshots,
    transfers,
    type_access,
    type_specs,
    types,
    unbuilt,
    volume_actions,
    volume_metadata,
    volumes,
    zones,
)
from kumoi.api.openstack.volume.errors import render_error
from kumoi.api.openstack.volume.versions import headers, version_of
from kumoi.app.house import House
from kumoi.core.call import Actor
from kumoi.core.errors import Invalid

V = "/v3"
ELDER = V + "/{project_id}"  # until 3.67 the project was part of every path


def tongue(house: House, site: Site) -> Tongue:
    """Mounted at /volume."""
    return Tongue(
        name="volume",
        prefix="/volume",
        routes=[
            *discovery.routes(site),
            *_both(extensions.routes()),
            *_both(zones.routes()),
            *_both(quotas.routes(house)),
            *_both(services.routes(house)),
            *_both(pools.routes(house)),
            *_both(clusters.routes()),
            *_both(resource_filters.routes()),
            *_both(unbuilt.routes()),
            *_both(types.routes(house)),
            *_both(type_specs.routes(house)),
            *_both(type_access.routes(house)),
            *_both(encryption.routes(house)),
            *_both(default_types.routes(house)),
            *_both(qos_specs.routes(house)),
            *_both(group_types.routes(house)),
            *_both(volumes.routes(house)),
            *_both(volume_actions.routes(house)),
            *_both(volume_metadata.routes(house)),
            *_both(snapshots.routes(house)),
            *_both(snapshot_actions.routes(house)),
            *_both(attachments.routes(house)),
            *_both(transfers.routes(house)),
            *_both(backup_records.routes(house)),
            *_both(backups.routes(house)),
            *_both(messages.routes(house)),
            *_both(groups.routes(house)),
            *_both(group_snapshots.routes(house)),
        ],
        authenticate=_of_the_path(by_token(house)),
        render_error=render_error,
        version=version_of,
        headers=headers,
        id_headers=("x-openstack-request-id", "x-compute-request-id"),
    )


def _both(routes: Iterable[Route]) -> list[Route]:
    return [replace(route, path=start + route.path) for route in routes for start in (V, ELDER)]


def _of_the_path(authenticate: Callable[[Request], Actor]) -> Callable[[Request], Actor]:
    """Where the path names a project, it is the token's."""

    def actor_of(request: Request) -> Actor:
        actor = authenticate(request)
        named = request.params.get("project_id")
        if named is not None and named.replace("-", "") != (actor.project_id or "").replace("-", ""):
            raise Invalid("identity", field="project_id", reason="not_the_tokens", value=named)
        return actor

    return actor_of
