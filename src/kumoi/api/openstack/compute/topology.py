"""/servers/{id}/topology, /servers/{id}/shares, and images brought to an aggregate's hosts beforehand: what newer
versions of Nova tell of servers, of which none here has any."""

from functools import partial

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.compute.servers import V, server_id
from kumoi.app import aggregates
from kumoi.app.house import House
from kumoi.app.instances import read
from kumoi.core.errors import NotFound, Unsupported
from kumoi.core.policy import allow


def routes(house: House) -> list[Route]:
    shares = V + "/servers/{id}/shares"
    return [
        Route("GET", V + "/servers/{id}/topology", partial(topology, house), "instance.read", "compute",
              min_version=(2, 78)),
        Route("GET", shares, partial(find_shares, house), "instance.read", "compute", min_version=(2, 97)),
        Route("POST", shares, partial(add_share, house), "instance.update", "compute", min_version=(2, 97)),
        Route("GET", shares + "/{share}", partial(show_share, house), "instance.read", "compute",
              min_version=(2, 97)),
        Route("DELETE", shares + "/{share}", partial(show_share, house), "instance.update", "compute",
              min_version=(2, 97)),
        Route("POST", V + "/os-aggregates/{id}/images", partial(bring_images, house), "aggregate.update", "compute",
              min_version=(2, 81)),
    ]  # fmt: skip


def topology(house: House, request: Request) -> Response:
    """No guest has NUMA nodes, or pages of another size than its host's."""
    read.get(house, request.call(), server_id(request))
    return json_response({"nodes": [], "pagesize_kb": None})


def find_shares(house: House, request: Request) -> Response:
    read.get(house, request.call(), server_id(request))
    return json_response({"shares": []})


def show_share(house: House, request: Request) -> Response:
    allow(request.call(), "instance.read")
    read.get(house, request.call(), server_id(request))
    raise NotFound("compute", kind="share", id=request.params["share"])


def add_share(house: House, request: Request) -> Response:
    """There is no file share service to take one from."""
    allow(request.call(), "instance.update")
    read.get(house, request.call(), server_id(request))
    raise Unsupported("compute", what="file_shares")


def bring_images(house: House, request: Request) -> Response:
    """A host brings an image when a guest needs it, and keeps it."""
    allow(request.call(), "aggregate.update")
    aggregates.get(house, request.call(), request.params["id"])
    raise Unsupported("compute", what="images_beforehand")
