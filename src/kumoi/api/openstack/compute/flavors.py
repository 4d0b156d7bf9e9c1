"""/flavors."""

from functools import partial
from typing import Any

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.compute.servers import V
from kumoi.api.openstack.compute.versions import at_least
from kumoi.app import flavors
from kumoi.app.house import House
from kumoi.core.errors import Invalid
from kumoi.core.flavors import Flavor
from kumoi.core.ids import FlavorId
from kumoi.core.policy import may
from kumoi.core.query import MAX_PAGE, Filter, Order, Query, eq

DESCRIPTION_MOST = 65535
SORTABLE = {"flavorid": "id", "name": "name", "memory_mb": "memory_mib", "vcpus": "vcpus", "root_gb": "disk_gib"}


class _New(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    ram: int | str
    vcpus: int | str
    disk: int | str = 0
    id: str | int | None = None
    description: str | msgspec.UnsetType | None = msgspec.UNSET
    swap: int | str = 0
    rxtx_factor: float | str | None = None
    ephemeral: int | str = msgspec.field(name="OS-FLV-EXT-DATA:ephemeral", default=0)
    public: bool | str = msgspec.field(name="os-flavor-access:is_public", default=True)


class CreateBody(msgspec.Struct):
    flavor: _New


class _Change(msgspec.Struct, forbid_unknown_fields=True):
    description: str | None


class UpdateBody(msgspec.Struct):
    flavor: _Change


def routes(house: House) -> list[Route]:
    return [
        Route("GET", V + "/flavors", partial(find, house), "flavor.read", "compute"),
        Route("GET", V + "/flavors/detail", partial(find_detail, house), "flavor.read", "compute"),
        Route("POST", V + "/flavors", partial(create, house), "flavor.create", "compute", body_type=CreateBody),
        Route("GET", V + "/flavors/{id}", partial(show, house), "flavor.read", "compute"),
        Route(
            "PUT",
            V + "/flavors/{id}",
            partial(update, house),
            "flavor.update",
            "compute",
            body_type=UpdateBody,
            min_version=(2, 55),
        ),
        Route("DELETE", V + "/flavors/{id}", partial(delete, house), "flavor.delete", "compute", success=202),
    ]


def find(house: House, request: Request) -> Response:
    found = flavors.find(house, request.call(), _query(request))
    return json_response({"flavors": [_brief(request, f) for f in found]})


def find_detail(house: House, request: Request) -> Response:
    found = flavors.find(house, request.call(), _query(request))
    return json_response({"flavors": [_detail(request, f) for f in found]})


def show(house: House, request: Request) -> Response:
    found = flavors.get(house, request.call(), FlavorId(request.params["id"]))
    return json_response({"flavor": _detail(request, found)})


def create(house: House, request: Request) -> Response:
    new = request.json(CreateBody).flavor
    if new.rxtx_factor is not None and at_least(request, 102):
        raise Invalid("api", field="flavor.rxtx_factor", reason="unknown_field")
    flavor = Flavor(
        id=FlavorId(str(new.id) if new.id not in {None, "auto"} else house.chance.uuid()),
        name=new.name.strip(),
        vcpus=number("vcpus", new.vcpus),
        memory_mib=number("ram", new.ram),
        disk_gib=number("disk", new.disk),
        swap_mib=number("swap", new.swap),
        ephemeral_gib=number("ephemeral", new.ephemeral),
        description=_description(request, new.description),
        public=flag("flavor.os-flavor-access:is_public", new.public),
        created_at=request.now,
    )
    if not 1 <= len(flavor.name) <= 255:
        raise Invalid("api", field="flavor.name", reason="length", bound="from 1 to 255")
    return json_response({"flavor": _detail(request, flavors.create(house, request.call(), flavor))})


def update(house: House, request: Request) -> Response:
    text = _description(request, request.json(UpdateBody).flavor.description)
    found = flavors.describe(house, request.call(), FlavorId(request.params["id"]), text)
    return json_response({"flavor": _detail(request, found)})


def _description(request: Request, text: str | msgspec.UnsetType | None) -> str:
    if text is not msgspec.UNSET and not at_least(request, 55):
        raise Invalid("api", field="flavor.description", reason="unknown_field")
    if isinstance(text, str) and len(text) > DESCRIPTION_MOST:
        raise Invalid("api", field="flavor.description", reason="length", bound=f"at most {DESCRIPTION_MOST}")
    return text if isinstance(text, str) else ""


def delete(house: House, request: Request) -> Response:
    flavors.delete(house, request.call(), FlavorId(request.params["id"]))
    return Response(202)


def _query(request: Request) -> Query:
    filters = []
    for key, field in (("minRam", "memory_mib"), ("minDisk", "disk_gib")):
        text = request.arg(key)
        if text is not None:
            filters.append(Filter(field, "ge", number(key, text)))
    public = request.arg("is_public") or "true"
    if public.lower() != "none" and may(request.call(), "flavor.create"):
        filters.append(eq("public", flag("is_public", public)))
    if (name := request.arg("name")) is not None and at_least(request, 102):
        filters.append(eq("name", name))
    key = request.arg("sort_key") or "flavorid"
    if key not in SORTABLE:
        raise Invalid("api", field="sort_key", reason="not_in_enum", value=key)
    order = (Order(SORTABLE[key], descending=request.arg("sort_dir") == "desc"),)
    limit = min(number("limit", request.arg("limit") or MAX_PAGE), MAX_PAGE)
    return Query(filters=tuple(filters), order=order, marker=request.arg("marker"), limit=limit)


def flag(field: str, value: bool | str) -> bool:
    """A truth value in any of the ways that OpenStack's services take."""
    text = str(value).strip().lower()
    if text in {"true", "1", "t", "yes", "y", "on"}:
        return True
    if text in {"false", "0", "f", "no", "n", "off"}:
        return False
    raise Invalid("api", field=field, reason="wrong_type", expected="bool", got=text[:32])


def number(field: str, value: int | str) -> int:
    text = str(value)
    if text.startswith("-") and text[1:].isdecimal():
        raise Invalid("api", field=field, reason="range", bound="0 or more")
    if not text.isdecimal() or len(text) > 10:
        raise Invalid("api", field=field, reason="wrong_type", expected="int", got=text)
    return int(text)


def _brief(request: Request, flavor: Flavor) -> dict[str, Any]:
    base = f"{request.base_url}/compute"
    links = [
        {"rel": "self", "href": f"{base}/v2.1/flavors/{flavor.id}"},
        {"rel": "bookmark", "href": f"{base}/flavors/{flavor.id}"},
    ]
    told = {"description": flavor.description or None} if at_least(request, 55) else {}
    return {"id": flavor.id, "name": flavor.name, "links": links, **told}


def _detail(request: Request, flavor: Flavor) -> dict[str, Any]:
    return {
        **_brief(request, flavor),
        "ram": flavor.memory_mib,
        "vcpus": flavor.vcpus,
        "disk": flavor.disk_gib,
        "swap": flavor.swap_mib or (0 if at_least(request, 75) else ""),
        **({} if at_least(request, 102) else {"rxtx_factor": 1.0, "OS-FLV-DISABLED:disabled": False}),
        "OS-FLV-EXT-DATA:ephemeral": flavor.ephemeral_gib,
        "os-flavor-access:is_public": flavor.public,
        **({"extra_specs": flavor.extra_specs} if at_least(request, 61) else {}),
    }
