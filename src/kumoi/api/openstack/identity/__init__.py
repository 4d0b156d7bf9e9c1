"""Keystone v3."""

from kumoi.api.edge.routes import Tongue
from kumoi.api.edge.tokens import by_token
from kumoi.api.openstack.catalog import Site
from kumoi.api.openstack.identity import (
    access_keys,
    application_credentials,
    assignments,
    credentials,
    discovery,
    domain_configs,
    domains,
    endpoint_groups,
    federated_auth,
    federation,
    groups,
    limits,
    oauth1,
    policies,
    project_trees,
    projects,
    regions,
    revocations,
    roles,
    services,
    tokens,
    trusts,
    users,
)
from kumoi.api.openstack.identity.errors import render_error
from kumoi.app.house import House


def tongue(house: House, site: Site) -> Tongue:
    """Mounted at /identity."""
    return Tongue(
        name="identity",
        prefix="/identity",
        routes=[
            *discovery.routes(site),
            *tokens.routes(house, site),
            *domains.routes(house),
            *domain_configs.routes(house),
            *endpoint_groups.routes(house),
            *federation.routes(house),
            *federated_auth.routes(house, site),
            *policies.routes(house),
            *limits.routes(house, site),
            *projects.routes(house),
            *project_trees.routes(house),
            *users.routes(house),
            *groups.routes(house),
            *roles.routes(house),
            *assignments.routes(house),
            *services.routes(house, site),
            *regions.routes(house, site),
            *access_keys.routes(house),
            *credentials.routes(house),
            *application_credentials.routes(house),
            *trusts.routes(house),
            *oauth1.routes(house, site),
            *revocations.routes(house),
        ],
        authenticate=by_token(house),
        render_error=render_error,
        headers=lambda _request: (("Vary", "X-Auth-Token"),),
    )
