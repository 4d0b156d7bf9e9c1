"""Nova's actions that this version does not have: a server that is not there is 404 all the same, one that is, 501."""

from functools import partial
from typing import Final

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.compute.actions import waited
from kumoi.api.openstack.compute.servers import V, server_id
from kumoi.app.house import House
from kumoi.app.instances import read
from kumoi.core.errors import Unsupported
from kumoi.core.policy import allow

_ACTION: Final = "instance.see_host"
OPERATORS: Final = ("migrate", "os-migrateLive", "evacuate")


def routes(house: House) -> list[Route]:
    path = V + "/servers/{id}/action"
    return [
        Route("POST", path, waited(partial(refuse, house, name)), _ACTION, "compute", body_key=name, wait=True)
        for name in OPERATORS
    ]


def refuse(house: House, name: str, request: Request) -> Response:
    allow(request.call(), _ACTION)
    read.get(house, request.call(), server_id(request))
    raise Unsupported("compute", what=name)
