"""/os-aggregates: hosts counted together. For administrators."""

from functools import partial
from typing import Any

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.compute.servers import V
from kumoi.api.openstack.compute.versions import at_least
from kumoi.api.openstack.times import second
from kumoi.app import aggregates
from kumoi.app.aggregates import AggregateView
from kumoi.app.house import House


class _New(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    availability_zone: str | None = None


class CreateBody(msgspec.Struct, forbid_unknown_fields=True):
    aggregate: _New


class _Change(msgspec.Struct, forbid_unknown_fields=True):
    name: str | None = None
    availability_zone: str | msgspec.UnsetType | None = msgspec.UNSET


class UpdateBody(msgspec.Struct, forbid_unknown_fields=True):
    aggregate: _Change


class _Host(msgspec.Struct, forbid_unknown_fields=True):
    host: str


class AddBody(msgspec.Struct, forbid_unknown_fields=True):
    add_host: _Host


class RemoveBody(msgspec.Struct, forbid_unknown_fields=True):
    remove_host: _Host


class _Metadata(msgspec.Struct, forbid_unknown_fields=True):
    metadata: dict[str, str | None]


class MetadataBody(msgspec.Struct, forbid_unknown_fields=True):
    set_metadata: _Metadata


def routes(house: House) -> list[Route]:
    path, one = V + "/os-aggregates", V + "/os-aggregates/{id}"
    action = one + "/action"
    return [
        Route("GET", path, partial(find, house), "aggregate.read", "compute"),
        Route("POST", path, partial(create, house), "aggregate.create", "compute", body_type=CreateBody),
        Route("GET", one, partial(show, house), "aggregate.read", "compute"),
        Route("PUT", one, partial(update, house), "aggregate.update", "compute", body_type=UpdateBody),
        Route("DELETE", one, partial(delete, house), "aggregate.delete", "compute"),
        Route("POST", action, partial(add_host, house), "aggregate.update", "compute", body_key="add_host",
              body_type=AddBody),
        Route("POST", action, partial(remove_host, house), "aggregate.update", "compute", body_key="remove_host",
              body_type=RemoveBody),
        Route("POST", action, partial(put_metadata, house), "aggregate.update", "compute", body_key="set_metadata",
              body_type=MetadataBody),
    ]  # fmt: skip


def find(house: House, request: Request) -> Response:
    return json_response({"aggregates": [_shown(request, a) for a in aggregates.find(house, request.call())]})


def show(house: House, request: Request) -> Response:
    return _answer(request, aggregates.get(house, request.call(), request.params["id"]))


def create(house: House, request: Request) -> Response:
    """A new one is shown without hosts and metadata, as Nova does."""
    new = request.json(CreateBody).aggregate
    made = aggregates.create(house, request.call(), new.name.strip(), new.availability_zone or "")
    shown = {k: v for k, v in _shown(request, made).items() if k not in {"hosts", "metadata"}}
    return json_response({"aggregate": shown})


def update(house: House, request: Request) -> Response:
    wished = request.json(UpdateBody).aggregate
    zone = wished.availability_zone
    return _answer(
        request,
        aggregates.update(
            house,
            request.call(),
            request.params["id"],
            name=wished.name.strip() if wished.name is not None else None,
            zone=None if isinstance(zone, msgspec.UnsetType) else zone or "",
        ),
    )


def delete(house: House, request: Request) -> Response:
    aggregates.delete(house, request.call(), request.params["id"])
    return Response(200)


def add_host(house: House, request: Request) -> Response:
    host = request.json(AddBody).add_host.host
    return _answer(request, aggregates.add_host(house, request.call(), request.params["id"], host))


def remove_host(house: House, request: Request) -> Response:
    host = request.json(RemoveBody).remove_host.host
    return _answer(request, aggregates.remove_host(house, request.call(), request.params["id"], host))


def put_metadata(house: House, request: Request) -> Response:
    metadata = request.json(MetadataBody).set_metadata.metadata
    return _answer(request, aggregates.put_metadata(house, request.call(), request.params["id"], metadata))


def _answer(request: Request, view: AggregateView) -> Response:
    return json_response({"aggregate": _shown(request, view)})


def _shown(request: Request, view: AggregateView) -> dict[str, Any]:
    """Nova keeps the zone in the metadata too."""
    one = view.aggregate
    return {
        "id": one.number,
        **({"uuid": one.id} if at_least(request, 41) else {}),
        "name": one.name,
        "availability_zone": one.zone or None,
        "hosts": list(view.hosts),
        "metadata": one.metadata | ({"availability_zone": one.zone} if one.zone else {}),
        "created_at": _time(one.created_at),
        "updated_at": _time(one.updated_at) if one.updated_at else None,
        "deleted": False,
        "deleted_at": None,
    }


def _time(at: float) -> str:
    return second(at)[:-1] + ".000000"
