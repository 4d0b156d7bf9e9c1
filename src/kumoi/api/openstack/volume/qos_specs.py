"""/qos-specs: limits, and the volume types that they are associated with."""

from functools import partial
from typing import Any, Final

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.volume.paging import cut, next_page, query_of
from kumoi.api.openstack.volume.words import Spec, flag, name_of, specs_of
from kumoi.app.house import House
from kumoi.app.volumes import qos_specs
from kumoi.core.errors import Invalid
from kumoi.core.ids import VolumeQosId, VolumeTypeId
from kumoi.core.volume_qos import CONSUMERS, Consumer, VolumeQos

SORTABLE: Final = {"id": "id", "name": "name", "consumer": "consumer", "created_at": "created_at"}


class CreateBody(msgspec.Struct):
    qos_specs: dict[str, Spec | None]


class _Keys(msgspec.Struct, forbid_unknown_fields=True):
    keys: list[str]


def routes(house: House) -> list[Route]:
    path, one = "/qos-specs", "/qos-specs/{id}"
    change = partial(Route, "GET", action="volume_qos.update", service="volume", success=202, pool="write")
    return [
        Route("GET", path, partial(find, house), "volume_qos.read", "volume"),
        Route("POST", path, partial(create, house), "volume_qos.create", "volume", body_type=CreateBody),
        Route("GET", one, partial(show, house), "volume_qos.read", "volume"),
        Route("PUT", one, partial(put, house), "volume_qos.update", "volume", body_type=CreateBody),
        Route("PUT", one + "/delete_keys", partial(drop, house), "volume_qos.update", "volume", body_type=_Keys,
              success=202),
        Route("DELETE", one, partial(delete, house), "volume_qos.delete", "volume", success=202),
        Route("GET", one + "/associations", partial(associations, house), "volume_qos.read", "volume"),
        change(one + "/associate", partial(associate, house)),
        change(one + "/disassociate", partial(disassociate, house)),
        change(one + "/disassociate_all", partial(disassociate_all, house)),
    ]  # fmt: skip


def find(house: House, request: Request) -> Response:
    shown = cut(request, qos_specs.find(house, request.call(), query_of(request, SORTABLE)))
    pages = next_page(request, "qos_specs", [one.id for one in shown])
    return json_response({"qos_specs": [_render(one) for one in shown], **pages})


def show(house: House, request: Request) -> Response:
    return _whole(request, qos_specs.get(house, request.call(), _id(request)))


def create(house: House, request: Request) -> Response:
    said = dict(request.json(CreateBody).qos_specs)
    name, consumer = said.pop("name", None), said.pop("consumer", "back-end")
    wish = VolumeQos(
        id=VolumeQosId(""),
        name=name_of("qos_specs.name", None if name is None else str(name)),
        consumer=_consumer(consumer),
        specs=specs_of("qos_specs", said),
    )
    return _whole(request, qos_specs.create(house, request.call(), wish))


def put(house: House, request: Request) -> Response:
    """Keys, and the consumer, which is a word among them."""
    said = dict(request.json(CreateBody).qos_specs)
    consumer = said.pop("consumer", None)
    specs = specs_of("qos_specs", said)
    if consumer is None and not specs:
        raise Invalid("api", field="qos_specs", reason="missing")
    chosen = None if consumer is None else _consumer(consumer)
    qos_specs.put_specs(house, request.call(), _id(request), specs, chosen)
    return json_response({"qos_specs": specs if chosen is None else {**specs, "consumer": chosen}})


def drop(house: House, request: Request) -> Response:
    qos_specs.drop_specs(house, request.call(), _id(request), tuple(request.json(_Keys).keys))
    return Response(202)


def delete(house: House, request: Request) -> Response:
    force = flag("force", request.arg("force") or "false")
    qos_specs.delete(house, request.call(), _id(request), force=force)
    return Response(202)


def associations(house: House, request: Request) -> Response:
    found = qos_specs.associated(house, request.call(), _id(request))
    shown = [{"association_type": "volume_type", "name": one.name, "id": one.id} for one in found]
    return json_response({"qos_associations": shown})


def associate(house: House, request: Request) -> Response:
    qos_specs.associate(house, request.call(), _id(request), _type(request))
    return Response(202)


def disassociate(house: House, request: Request) -> Response:
    qos_specs.disassociate(house, request.call(), _id(request), _type(request))
    return Response(202)


def disassociate_all(house: House, request: Request) -> Response:
    qos_specs.disassociate(house, request.call(), _id(request))
    return Response(202)


def _id(request: Request) -> VolumeQosId:
    return VolumeQosId(request.params["id"])


def _type(request: Request) -> VolumeTypeId:
    """What is not said is found nowhere: the door asks first who calls."""
    return VolumeTypeId(request.arg("vol_type_id") or "")


def _consumer(value: Spec | None) -> Consumer:
    for known in CONSUMERS:
        if value == known:
            return known
    raise Invalid("api", field="qos_specs.consumer", reason="not_in_enum", value=str(value)[:64])


def _render(one: VolumeQos) -> dict[str, Any]:
    return {"id": one.id, "name": one.name, "consumer": one.consumer, "specs": one.specs}


def _whole(request: Request, one: VolumeQos) -> Response:
    href = f"{request.base_url}/volume/v3/qos-specs/{one.id}"
    return json_response({"qos_specs": _render(one), "links": [{"rel": "self", "href": href}]})
