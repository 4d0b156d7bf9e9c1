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
OPERATORS: Final = ("migrate", "os-migrateLive", "evacuate")


class _Move(msgspec.Struct):
    host: str | None = None


class MoveBody(msgspec.Struct):
    """One of the three. The rest of what they may say bears on nothing."""

    migrate: _Move | None = None
    live: _Move | None = msgspec.field(name="os-migrateLive", default=None)
    evacuate: _Move | None = None

    def host(self, name: str) -> str:
        asked = self.live if name == "os-migrateLive" else getattr(self, name)
        return (asked.host if asked is not None else None) or ""


def routes(house: House) -> list[Route]:
    path = V + "/servers/{id}/action"
    return [
        Route("POST", path, waited(partial(refuse, house, name)), _ACTION, "compute", body_key=name,
              body_type=MoveBody, wait=True)
        for name in OPERATORS
    ]  # fmt: skip


def refuse(house: House, name: str, request: Request) -> Response:
    allow(request.call(), _ACTION)
    one = read.get(house, request.call(), server_id(request)).instance
    if name == "migrate":
        acting.check(request.call(), one, "resize")  # who may not be resized may not be moved either
    wanted = request.json(MoveBody).host(name)
    if wanted and wanted not in {host.name for host in hosts.find(house, request.call())}:
        raise Invalid("compute", field=f"{name}.host", reason="not_in_enum", value=wanted)
    raise Unsupported("compute", what=name)
