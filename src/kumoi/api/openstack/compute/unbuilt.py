"""Nova's actions that this version does not have: a server that is not there is 404 all the same, one that is, 501."""

from functools import partial
from typing import Final

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.compute.actions import waited
from kumoi.api.openstack.compute.servers import V, server_id
from kumoi.app.hosts import read as hosts
from kumoi.app.house import House
from kumoi.app.instances import acting, read
from kumoi.core.errors import Invalid, Unsupported
from kumoi.core.policy import allow

_ACTION: Final = "instance.see_host"


class _Move(msgspec.Struct):
    """The rest of what may be said bears on nothing."""

    host: str | None = None


class MigrateBody(msgspec.Struct):
    wanted: _Move | None = msgspec.field(name="migrate")


class LiveBody(msgspec.Struct):
    wanted: _Move | None = msgspec.field(name="os-migrateLive")


class EvacuateBody(msgspec.Struct):
    wanted: _Move | None = msgspec.field(name="evacuate")


Body = type[MigrateBody] | type[LiveBody] | type[EvacuateBody]
OPERATORS: Final[dict[str, Body]] = {"migrate": MigrateBody, "os-migrateLive": LiveBody, "evacuate": EvacuateBody}


def routes(house: House) -> list[Route]:
    path = V + "/servers/{id}/action"
    return [
        Route("POST", path, waited(partial(refuse, house, name, body)), _ACTION, "compute", body_key=name,
              body_type=body, wait=True)
        for name, body in OPERATORS.items()
    ]  # fmt: skip


def refuse(house: House, name: str, body: Body, request: Request) -> Response:
    allow(request.call(), _ACTION)
    one = read.get(house, request.call(), server_id(request)).instance
    if name == "migrate":
        acting.check(request.call(), one, "resize")  # who may not be resized may not be moved either
    asked = request.json(body).wanted
    wanted = asked.host if asked is not None else None
    if wanted and wanted not in {host.name for host in hosts.find(house, request.call())}:
        raise Invalid("compute", field=f"{name}.host", reason="not_in_enum", value=wanted)
    raise Unsupported("compute", what=name)
