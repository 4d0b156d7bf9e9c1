"""/os-migrations: resizes, which Nova counts among them; and /servers/{id}/migrations, the live ones under way: a guest
stays on its host, so there are none."""

from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.compute.server_queries import instant, page_limit
from kumoi.api.openstack.compute.servers import V, server_id
from kumoi.api.openstack.compute.versions import at_least
from kumoi.api.openstack.times import bare
from kumoi.app.house import House
from kumoi.app.instances import read, resizes
from kumoi.app.instances.resizes import Resize
from kumoi.core.errors import Invalid, NotFound
from kumoi.core.policy import allow

_FILTERS: Final = {"host": "host", "status": "status", "source_compute": "host"}
_OF_OWNERS: Final = {"user_id": "user_id", "project_id": "project_id"}  # since 2.80


def routes(house: House) -> list[Route]:
    of_server = V + "/servers/{id}/migrations"
    return [
        Route("GET", V + "/os-migrations", partial(find, house), "instance.migrations", "compute"),
        Route("GET", of_server, partial(find_live, house), "instance.migrations", "compute", min_version=(2, 23)),
        Route("GET", of_server + "/{migration}", partial(show_live, house), "instance.migrations", "compute",
              min_version=(2, 23)),
    ]  # fmt: skip


def find(house: House, request: Request) -> Response:
    found = [one for one in resizes.find(house, request.call(), request.arg("instance_uuid")) if _fits(request, one)]
    limit = page_limit(request) if at_least(request, 59) else len(found)
    page = _after_marker(request, found)
    answer: dict[str, Any] = {"migrations": [_shown(request, one) for one in page[:limit]]}
    if limit and len(page) > limit:
        rest = [(k, v) for k, v in request.query if k != "marker"]
        query = urlencode([*rest, ("marker", page[limit - 1].id)])
        href = f"{request.base_url}{request.raw_path.decode('latin-1')}?{query}"
        answer["migrations_links"] = [{"rel": "next", "href": href}]
    return json_response(answer)


def find_live(house: House, request: Request) -> Response:
    allow(request.call(), "instance.migrations")
    read.get(house, request.call(), server_id(request))
    return json_response({"migrations": []})


def show_live(house: House, request: Request) -> Response:
    allow(request.call(), "instance.migrations")
    read.get(house, request.call(), server_id(request))
    raise NotFound("compute", kind="migration", id=request.params["migration"])


def _fits(request: Request, one: Resize) -> bool:
    wanted = _FILTERS | (_OF_OWNERS if at_least(request, 80) else {})
    if any((value := request.arg(name)) is not None and getattr(one, field) != value for name, field in wanted.items()):
        return False
    if (kind := request.arg("migration_type")) is not None and kind != "resize":
        return False
    since = request.arg("changes-since") if at_least(request, 59) else None
    before = request.arg("changes-before") if at_least(request, 66) else None
    return (since is None or one.updated_at >= instant("changes-since", since)) and (
        before is None or one.updated_at <= instant("changes-before", before)
    )


def _after_marker(request: Request, found: list[Resize]) -> list[Resize]:
    marker = request.arg("marker") if at_least(request, 59) else None
    if marker is None:
        return found
    places = [place for place, one in enumerate(found) if one.id == marker]
    if not places:
        raise Invalid("api", field="marker", reason="no_such_thing", value=marker)
    return found[places[0] + 1 :]


def _shown(request: Request, one: Resize) -> dict[str, Any]:
    """Here flavors have no numbers but where their id is one."""
    shown: dict[str, Any] = {
        "id": one.number,
        "instance_uuid": one.instance_id,
        "status": one.status,
        "source_node": one.host,
        "source_compute": one.host,
        "dest_node": one.host,
        "dest_compute": one.host,
        "dest_host": None,
        "old_instance_type_id": _number(one.former_flavor),
        "new_instance_type_id": _number(one.flavor),
        "created_at": bare(one.created_at),
        "updated_at": bare(one.updated_at),
    }
    if at_least(request, 23):
        shown["migration_type"] = "resize"
    if at_least(request, 59):
        shown["uuid"] = one.id
    if at_least(request, 80):
        shown |= {"user_id": one.user_id, "project_id": one.project_id}
    return shown


def _number(flavor: str) -> int | None:
    return int(flavor) if flavor.isdecimal() else None
