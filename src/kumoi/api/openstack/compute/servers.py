"""/servers: list, detail, show, create, update, delete."""

import re
from datetime import UTC, datetime
from functools import partial
from typing import Any, Literal
from urllib.parse import urlencode

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.compute.server_create import CreateBody, access_address, wish_of
from kumoi.api.openstack.compute.server_views import STATUSES, basic, brief, detail, links, plain_addresses, single
from kumoi.api.openstack.compute.versions import at_least
from kumoi.app.house import House
from kumoi.app.instances import change, delete, read, run
from kumoi.core.errors import Forbidden, Invalid, NotFound
from kumoi.core.given import given
from kumoi.core.ids import InstanceId
from kumoi.core.policy import may
from kumoi.core.query import MAX_PAGE, Filter, LabelFilter, Order, Query, eq, is_in

V = "/v2.1"
FILTERS = {
    "name": "name", "image": "image_id", "flavor": "flavor_id", "user_id": "user_id", "project_id": "project_id",
    "tenant_id": "project_id", "uuid": "id", "reservation_id": "reservation_id", "key_name": "keypair_name",
    "availability_zone": "zone", "access_ip_v4": "access_ip_v4", "hostname": "hostname", "description": "description",
}  # fmt: skip
ADMIN_FILTERS = frozenset({"user_id", "project_id", "tenant_id", "hostname", "reservation_id", "key_name"})
SORTABLE = {
    "created_at": "created_at", "updated_at": "updated_at", "display_name": "name", "uuid": "id",
    "vm_state": "status", "project_id": "project_id", "user_id": "user_id", "key_name": "keypair_name",
    "launch_index": "launch_index", "image_ref": "image_id", "instance_type_id": "flavor_id",
    "hostname": "hostname", "availability_zone": "zone", "display_description": "description",
}  # fmt: skip


class _Change(msgspec.Struct):
    name: str | msgspec.UnsetType = msgspec.UNSET
    description: str | msgspec.UnsetType | None = msgspec.UNSET
    disk_config: Literal["AUTO", "MANUAL"] | msgspec.UnsetType = msgspec.field(
        name="OS-DCF:diskConfig", default=msgspec.UNSET
    )
    accessIPv4: str | msgspec.UnsetType | None = msgspec.UNSET  # noqa: N815
    accessIPv6: str | msgspec.UnsetType | None = msgspec.UNSET  # noqa: N815


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
    query, everyone, deleted = _query(house, request)
    found = read.find(house, request.call(), query, all_projects=everyone, deleted=deleted)
    return json_response(_page(request, "servers", [brief(request, i) for i in found], query))


def find_detail(house: House, request: Request) -> Response:
    query, everyone, deleted = _query(house, request)
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
    if "description" in changes and not at_least(request, 19):
        raise Invalid("api", field="server.description", reason="unknown_field")
    for field in ("access_ip_v4", "access_ip_v6"):
        if changes.get(field):
            changes[field] = access_address(field, str(changes[field]))
    change.update(house, request.call(), server_id(request), changes)
    view = read.get(house, request.call(), server_id(request))
    return json_response({"server": single(request, view, basic(request, view))})


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


def _query(house: House, request: Request) -> tuple[Query, bool, bool]:
    """The query, whether it is for all projects, and whether it is for deleted ones."""
    filters: list[Filter] = []
    labels: list[LabelFilter] = []
    admin = may(request.call(), "instance.all_projects")
    everyone = any(v == "" or _true(v) for k, v in request.query if k in {"all_tenants", "all_projects"})
    since = any(k == "changes-since" for k, _ in request.query)
    deleted = since or (admin and _true(request.arg("deleted") or ""))
    for key, value in request.query:
        if key in {"tags", "tags-any"} and at_least(request, 26):
            labels += [LabelFilter("tag", tag) for tag in value.split(",")]
        elif key in {"ip", "ip6"}:
            ids = read.at_address(house, request.call(), value, 4 if key == "ip" else 6, all_projects=everyone)
            filters.append(is_in("id", ids))
        elif key in {"tenant_id", "project_id"} and not everyone:
            continue  # as in Nova: one's own project's servers are listed, whatever is asked for
        elif key == "changes-before" and at_least(request, 66):
            filters.append(Filter("updated_at", "le", instant(key, value)))
        elif key == "locked" and not at_least(request, 73):
            continue
        elif key not in ADMIN_FILTERS or admin:
            filters += _filter(key, value)
    if everyone and not admin:
        raise Forbidden("identity", action="instance.all_projects", needs=["admin"])
    if deleted and not since:
        filters.append(Filter("deleted_at", "null", False))
    query = Query(
        filters=tuple(filters),
        labels=tuple(labels),
        order=_order(request),
        marker=request.arg("marker"),
        limit=page_limit(request),
    )
    return query, everyone, deleted


def _filter(key: str, value: str) -> list[Filter]:
    """One parameter's filter; none for a name that is none."""
    if key == "status":
        return [is_in("status", STATUSES.get(value.upper(), ("no such status",)))]
    if key == "changes-since":
        return [Filter("updated_at", "ge", instant(key, value))]
    if key == "locked":
        return [eq("locked", _true(value))]
    if key == "name":
        return [Filter("name", "like", _like(value))]
    return [eq(FILTERS[key], value)] if key in FILTERS else []


def _true(text: str) -> bool:
    return text.lower() not in {"0", "false", ""}


def _order(request: Request) -> tuple[Order, ...]:
    keys = [v for k, v in request.query if k == "sort_key"]
    ways = [v for k, v in request.query if k == "sort_dir"]
    orders = []
    for i, key in enumerate(keys):
        if key not in SORTABLE:
            raise Invalid("api", field="sort_key", reason="not_in_enum", value=key)
        orders.append(Order(SORTABLE[key], descending=(ways[i] if i < len(ways) else "desc") != "asc"))
    return tuple(orders) or (Order("created_at", descending=True),)


def page_limit(request: Request) -> int:
    text = request.arg("limit")
    if text is None or text == "":
        return MAX_PAGE
    if text.startswith("-") and text[1:].isdecimal():
        raise Invalid("api", field="limit", reason="range", bound="0 or more")
    if not text.isdecimal():
        raise Invalid("api", field="limit", reason="wrong_type", expected="int", got=text)
    return min(int(text), MAX_PAGE)


_PIECE = re.compile(r"\\(.)|(\[\^?[^\]]*\]|\.)([*+?]?)|(.)", re.DOTALL)


def _like(pattern: str) -> str:
    """Nova takes a regular expression, searched for anywhere; this is its SQL pattern, so that no caller can make the
    search slow. A class of characters stands for any character."""
    text = pattern.removeprefix("^").removesuffix("$")
    like = ""
    for escaped, wild, times, plain in _PIECE.findall(text):
        if wild:
            like += {"": "_", "?": "%", "*": "%", "+": "_%"}[times]
        else:
            like += re.sub(r"([\\%_])", r"\\\1", escaped or plain)
    return f"{'' if pattern.startswith('^') else '%'}{like}{'' if pattern.endswith('$') else '%'}"


def instant(field: str, text: str) -> float:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as e:
        raise Invalid("api", field=field, reason="format") from e
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _page(request: Request, plural: str, shown: list[dict[str, Any]], query: Query) -> dict[str, Any]:
    page: dict[str, Any] = {plural: shown}
    if shown and len(shown) == query.limit and (request.arg("limit") is not None or query.limit == MAX_PAGE):
        rest = [(k, v) for k, v in request.query if k != "marker"]
        path = request.raw_path.decode("latin-1")
        href = f"{request.base_url}{path}?{urlencode([*rest, ('marker', shown[-1]['id'])])}"
        page[f"{plural}_links"] = [{"rel": "next", "href": href}]
    return page
