"""What Cinder has and this version has not: lists of it are empty, as there is none; what would make one is refused."""

from functools import partial
from typing import Final

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.core.errors import NotFound, Unsupported
from kumoi.core.policy import allow

# What is listed, by its path; who may see it, and who might make it.
KINDS: Final[dict[str, tuple[str, str]]] = {
    "consistencygroups": ("volume.read", "volume.create"),
    "cgsnapshots": ("volume.read", "volume.create"),
}
# Volumes and snapshots that are on a host already, and in no plan.
MANAGED: Final = ("os-volume-manage", "os-snapshot-manage", "manageable_volumes", "manageable_snapshots")


def routes() -> list[Route]:
    found: list[Route] = []
    for kind, (sees, makes) in KINDS.items():
        path = f"/{kind}"
        found += [
            Route("GET", path, partial(find, kind, sees), sees, "volume"),
            Route("GET", path + "/detail", partial(find, kind, sees), sees, "volume"),
            Route("POST", path, partial(refuse, kind, makes), makes, "volume", success=202),
            Route("GET", path + "/{id}", partial(miss, kind, sees), sees, "volume"),
            Route("DELETE", path + "/{id}", partial(miss, kind, makes), makes, "volume", success=202),
        ]
    for path in MANAGED:
        found += [
            Route("GET", f"/{path}", partial(refuse, "manage", "volume.reset"), "volume.reset", "volume"),
            Route("GET", f"/{path}/detail", partial(refuse, "manage", "volume.reset"), "volume.reset", "volume"),
            Route("POST", f"/{path}", partial(refuse, "manage", "volume.reset"), "volume.reset", "volume", success=202),
        ]
    return found


def find(kind: str, action: str, request: Request) -> Response:
    allow(request.call(), action)
    return json_response({kind: []})


def miss(kind: str, action: str, request: Request) -> Response:
    allow(request.call(), action)
    raise NotFound("storage", kind=kind.removesuffix("s"), id=request.params["id"])


def refuse(what: str, action: str, request: Request) -> Response:
    allow(request.call(), action)
    raise Unsupported("storage", what=what)
