"""Volumes: list, create, delete. What is done with one that is there is `volume_acts`."""

from functools import partial
from typing import Any, Final

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.web.forms import Form, form_of
from kumoi.api.web.front import Front
from kumoi.api.web.listing import Asked, Shape, asked_of, containing, listing
from kumoi.api.web.pages import bulk, volume_acts, volume_copies
from kumoi.api.web.pages.volume_acts import FIELDS, TEMPLATE, TONES, called, told
from kumoi.api.web.refusals import at_fields
from kumoi.api.web.words import volumes as words
from kumoi.app.house import House
from kumoi.app.images import doors as images
from kumoi.app.images.sight import Sought
from kumoi.app.instances import read as instances
from kumoi.app.quotas import quota
from kumoi.app.volumes import create as making
from kumoi.app.volumes import delete as deleting
from kumoi.app.volumes import read, snapshots, types
from kumoi.app.volumes.create import VolumeWish
from kumoi.app.volumes.read import VolumeView
from kumoi.core.call import Call
from kumoi.core.errors import KumoiError
from kumoi.core.ids import ImageId, SnapshotId, VolumeId
from kumoi.core.query import Filter, Order, Query, eq, is_in

PATH: Final = "/volumes"
OFFERED: Final = 200
WORDS: Final = words.WORDS
_SHAPE: Final = Shape(
    path=PATH, sortable=("name", "size_gib", "created_at"), first=Order("created_at", descending=True)
)


def _named(house: House, call: Call, ids: tuple[str, ...]) -> dict[str, str]:
    found = read.find(house, call, Query(filters=(is_in("id", ids),)))
    return {view.volume.id: called(view.volume) for view in found}


_MANY: Final = bulk.Kind(
    page="volumes",
    path=PATH,
    icon="hard-drive",
    action="volume.delete",
    named=_named,
    delete=lambda house, call, one: deleting.delete(house, call, VolumeId(one)),
)


def routes(front: Front) -> list[Route]:
    return [
        Route("GET", PATH, partial(show_all, front), "volume.read", "web"),
        Route("GET", f"{PATH}/new", partial(new, front), "volume.create", "web"),
        Route("POST", PATH, partial(create, front), "volume.create", "web"),
        *bulk.routes(front, _MANY),
        *volume_acts.routes(front),
        *volume_copies.routes(front),
    ]


def show_all(front: Front, request: Request) -> Response:
    call, asked = request.call(), asked_of(request, _SHAPE)
    filters: tuple[Filter, ...] = (containing("name", asked.text),) if asked.text else ()

    def find(one: Asked) -> list[VolumeView]:
        return read.find(front.house, call, one.query(*filters))

    total = read.count(front.house, call, Query(filters=filters))
    found = listing(asked, find, lambda view: view.volume.id, total)
    held = quota(front.house, call, call.project_id)
    return front.page(
        request,
        TEMPLATE,
        list=found,
        counter=held["volumes"],
        gigabytes=held["gigabytes"],
        names=_holders(front, call, found.rows),
        tones=TONES,
        called=called,
        told=told,
        whys={view.volume.id: volume_acts.whys(front, request, view) for view in found.rows},
    )


def _holders(front: Front, call: Call, rows: Any) -> dict[str, str]:
    """Names of the instances that have them."""
    ids = tuple({a.instance_id for view in rows for a in view.attachments if a.instance_id is not None})
    if not ids:
        return {}
    found = instances.find(front.house, call, Query(filters=(is_in("id", ids),)))
    return {one.id: one.name for one in found}


def new(front: Front, request: Request) -> Response:
    """`snapshot` in the address: that it is to be made of this one."""
    chosen = request.arg("snapshot") or ""
    form = Form([("source", f"snapshot/{chosen}")] if chosen else [])
    return front.ask(request, "volume.create", TEMPLATE, "creation", **_values(front, request, form), errors={})


def create(front: Front, request: Request) -> Response:
    form = form_of(request)
    try:
        view = making.create(front.house, request.call(), _wish(form))
    except KumoiError as e:
        values = _values(front, request, form) | {"errors": at_fields(request, e, FIELDS)}
        return front.again(request, TEMPLATE, "creation", e, **values)
    return front.done(request, PATH, front.say(request, "volumes.created", name=called(view.volume)))


def _wish(form: Form) -> VolumeWish:
    kind, _, one = form.text("source").partition("/")
    size = form.whole("size", 0)
    return VolumeWish(
        name=form.text("name"),
        description=form.text("description"),
        size_gib=size if form.text("size") else None,
        type_name=form.text("type"),
        image_id=ImageId(one) if kind == "image" else None,
        snapshot_id=SnapshotId(one) if kind == "snapshot" else None,
        source_id=VolumeId(one) if kind == "volume" else None,
    )


def _values(front: Front, request: Request, form: Form) -> dict[str, Any]:
    call = request.call()
    kinds = types.find(front.house, call, Query(order=(Order("name"),)))
    return {
        "form": form,
        "types": [("", front.say(request, "volumes.type.default")), *((t.id, t.name) for t in kinds)],
        "sources": [("", front.say(request, "volumes.source.empty")), *_sources(front, request, call)],
    }


def _sources(front: Front, request: Request, call: Call) -> list[tuple[str, str]]:
    """What a volume may be made of, by `kind/id`."""
    newest = (Order("created_at", descending=True),)
    whole = Query(filters=(eq("status", "active"),), order=(Order("name"),), limit=OFFERED)
    made = Query(filters=(eq("status", "available"),), order=newest, limit=OFFERED)
    stand = Query(filters=(is_in("status", ("available", "in_use")),), order=newest, limit=OFFERED)
    found: list[tuple[str, str, str]] = [
        ("image", one.id, one.name or one.id[:8])
        for one in images.find(front.house, call, whole, sought=Sought(visibility=None))
    ]
    found += [
        ("snapshot", one.snapshot.id, one.snapshot.name or one.snapshot.id[:8])
        for one in snapshots.find(front.house, call, made)
    ]
    found += [("volume", view.volume.id, called(view.volume)) for view in read.find(front.house, call, stand)]
    return [(f"{kind}/{one}", front.say(request, f"volumes.source.{kind}", name=name)) for kind, one, name in found]
