"""Glance v2."""

from kumoi.api.edge.routes import Tongue
from kumoi.api.edge.tokens import by_token
from kumoi.api.openstack.catalog import Site
from kumoi.api.openstack.image import (
    data,
    discovery,
    images,
    imports,
    members,
    metadef_entries,
    metadefs,
    schemas,
    tasks,
)
from kumoi.api.openstack.image.errors import render_error
from kumoi.app.house import House


def tongue(house: House, site: Site) -> Tongue:
    """Mounted at /image."""
    return Tongue(
        name="image",
        prefix="/image",
        routes=[
            *discovery.routes(site),
            *images.routes(house),
            *data.routes(house),
            *imports.routes(house),
            *tasks.routes(house),
            *members.routes(house),
            *metadefs.routes(house),
            *metadef_entries.routes(house),
            *schemas.routes(),
        ],
        authenticate=by_token(house),
        render_error=render_error,
    )
