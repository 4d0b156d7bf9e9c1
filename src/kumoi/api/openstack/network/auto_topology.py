"""/v2.0/auto-allocated-topology/PROJECT: a project's network for who does not want to make one."""

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.network.resources import SERVICE
from kumoi.app.house import House
from kumoi.app.networks import auto_topology
from kumoi.core.ids import ProjectId

_OWN = frozenset({"None", "null", ""})  # what clients say for the caller's project
_DRY_RUN = "dry-run"


def routes(house: House) -> list[Route]:
    def project(request: Request) -> ProjectId | None:
        said = request.params["id"]
        return None if said in _OWN else ProjectId(said)

    def show(request: Request) -> Response:
        """Reading makes it."""
        dry = ("fields", _DRY_RUN) in list(request.query)
        door = auto_topology.check_topology if dry else auto_topology.get_topology
        found = door(house, request.call(), project(request))
        told = {"id": found.network_id or f"{_DRY_RUN}=pass", "project_id": found.project_id}
        return json_response({"auto_allocated_topology": {**told, "tenant_id": found.project_id}})

    def delete(request: Request) -> Response:
        auto_topology.drop_topology(house, request.call(), project(request))
        return no_content()

    path = "/v2.0/auto-allocated-topology/{id}"
    return [
        Route("GET", path, show, "network.create", SERVICE),
        Route("DELETE", path, delete, "network.delete", SERVICE, success=204),
    ]
