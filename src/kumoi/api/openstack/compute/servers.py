"""/servers: list, detail, show, create, update, delete."""

from functools import partial
from typing import Any, Literal
from urllib.parse import urlencode

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.compute.server_create import CreateBody, access_address, hostname, wish_of
from kumoi.api.openstack.compute.server_queries import query_of
from kumoi.api.openstack.compute.server_views import brief, changed, detail, links, plain_addresses, single
from kumoi.api.openstack.compute.versions import at_least
from kumoi.app.house import House
from kumoi.app.instances import change, delete, read, run
from kumoi.core.errors import Invalid, NotFound
from kumoi.core.given import given
from kumoi.core.ids import InstanceId
from kumoi.core.query import MAX_PAGE, Query

V = "/v2.1"


class _Change(msgspec.Struct, forbid_unknown_fields=True):
    name: str | msgspec.UnsetType = msgspec.UNSET
    description: str | msgspec.UnsetType | None = msgspec.UNSET
    disk_config: Literal["AUTO", "MANUAL"] | msgspec.UnsetType = msgspec.field(
        name="OS-DCF:diskConfig", default=msgspec.UNSET
    )
    accessIPv4: str | msgspec.UnsetType | None = msgspec.UNSET  # noqa: N815
    accessIPv6: str | msgspec.UnsetType | None = msgspec.UNSET  # noqa: N815
    hostname: str | msgspec.UnsetType = msgspec.UNSET
    pinned_availability_zone: str | msgspec.UnsetType | None = msgspec.UNSET


class UpdateBody(msgspec.Struct):
    server: _Change


def routes(house: House) -> list[Route]:
    return [
        Route("GET", V + "/servers", partial(find, house), "instance.read", "compute"),
        Route("GET", V + "/servers/detail", partial(find_detail, house), "instance.read", "compute"),
        Route(
            "POST",
            V + "/servers",
            partial(create, house),
            "instance.create",
            "compute",
            body_type=CreateBody,
            success=202,
        ),
        Route("GET", V + "/servers/{id}", partial(show, house), "instance.read", "compute"),
        Route("PUT", V + "/servers/{id}", partial(update, house), "instance.update", "compute", body_type=UpdateBody),
        Route("DELETE", V + "/servers/{id}", partial(remove, house), "instance.delete", "compute", success=204),
        Route("GET", V + "/servers/{id}/ips", partial(ips, house), "instance.read", "compute"),
        Route("GET", V + "/servers/{id}/ips/{network}", partial(ips_on, house), "instance.read", "compute"),
        Route("GET", V + "/servers/{id}/os-security-groups", partial(groups, house), "instance.read", "compute"),
    ]


def find(house: House, request: Request) -> Response:
    query, everyone, deleted = query_of(house, request)
    found = read.find(house, request.call(), query, all_projects=everyone, deleted=deleted)
    return json_response(_page(request, "servers", [brief(request, i) for i in found], query))


def find_detail(house: House, request: Request) -> Response:
    query, everyone, deleted = query_of(house, request)
    found = read.find_views(house, request.call(), query, all_projects=everyone, deleted=deleted)
    return json_response(_page(request, "servers", [detail(request, v) for v in found], query))


def show(house: House, request: Request) -> Response:
    view = read.get(house, request.call(), server_id(request))
    return json_response({"server": single(request, view, detail(request, view))})


def create(house: House, request: Request) -> Response:
    body = request.json(CreateBody)
    wish = wish_of(request, body)
    made = run.run(house, request.call(), wish)
    if body.server.return_reservation_id:
        return json_response({"reservation_id": made[0].reservation_id}, 202)
    one = made[0]
    shown = {
        "id": one.id,
        "links": links(request, one.id),
        "OS-DCF:diskConfig": body.server.disk_config,
        "security_groups": [{"name": g.name} for g in body.server.security_groups or ()] or [{"name": "default"}],
    }
    # Nova makes up a password that only some hypervisors set; ours reach guests by keys and user data.
    shown["adminPass"] = body.server.adminPass or house.chance.secret(9).hex()
    return json_response({"server": shown}, 202, [("Location", f"{links(request, one.id)[0]['href']}")])


def update(house: House, request: Request) -> Response:
    wished = request.json(UpdateBody).server
    names = {"accessIPv4": "access_ip_v4", "accessIPv6": "access_ip_v6"}
    changes: dict[str, str | bool] = {names.get(k, k): v or "" for k, v in given(wished, "disk_config").items()}
    if wished.disk_config is not msgspec.UNSET:
        changes["auto_disk"] = wished.disk_config == "AUTO"
    for field, minor in (("description", 19), ("hostname", 90), ("pinned_availability_zone", 104)):
        if field in changes and not at_least(request, minor):
            raise Invalid("api", field=f"server.{field}", reason="unknown_field")
    if "hostname" in changes:
        changes["hostname"] = hostname(request, str(changes["hostname"]))
    if "pinned_availability_zone" in changes:
        changes["zone_wanted"] = changes.pop("pinned_availability_zone")
    for field in ("access_ip_v4", "access_ip_v6"):
        if changes.get(field):
            changes[field] = access_address(field, str(changes[field]))
    change.update(house, request.call(), server_id(request), changes)
    view = read.get(house, request.call(), server_id(request))
    return json_response({"server": changed(request, view)})


def remove(house: House, request: Request) -> Response:
    delete.delete(house, request.call(), server_id(request))
    return no_content()


def ips(house: House, request: Request) -> Response:
    return json_response({"addresses": _ips(house, request)})


def ips_on(house: House, request: Request) -> Response:
    name, found = request.params["network"], _ips(house, request)
    if name not in found:
        raise NotFound("network", kind="network", id=name)
    return json_response({name: found[name]})


def _ips(house: House, request: Request) -> dict[str, list[dict[str, Any]]]:
    return plain_addresses(read.get(house, request.call(), server_id(request)))


def groups(house: House, request: Request) -> Response:
    view = read.get(house, request.call(), server_id(request))
    shown = [
        {"id": g.id, "name": g.name, "description": g.description, "tenant_id": g.project_id, "rules": []}
        for g in sorted(view.groups.values(), key=lambda g: g.name)
    ]
    return json_response({"security_groups": shown})


def server_id(request: Request) -> InstanceId:
    return InstanceId(request.params["id"])


def _page(request: Request, plural: str, shown: list[dict[str, Any]], query: Query) -> dict[str, Any]:
    page: dict[str, Any] = {plural: shown}
    if shown and len(shown) == query.limit and (request.arg("limit") is not None or query.limit == MAX_PAGE):
        rest = [(k, v) for k, v in request.query if k != "marker"]
        path = request.raw_path.decode("latin-1")
        href = f"{request.base_url}{path}?{urlencode([*rest, ('marker', shown[-1]['id'])])}"
        page[f"{plural}_links"] = [{"rel": "next", "href": href}]
    return page
