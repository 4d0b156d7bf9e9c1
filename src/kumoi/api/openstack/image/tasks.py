"""/v2/tasks: imports as administrators see them, and start them together with their images."""

from functools import partial
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.edge.text import say_code
from kumoi.api.openstack.image.asked import number
from kumoi.api.openstack.image.images import from_document
from kumoi.api.openstack.times import second
from kumoi.app.house import House
from kumoi.app.images import doors, imports
from kumoi.core.call import Locale
from kumoi.core.given import given
from kumoi.core.ids import ImageId, ProjectId
from kumoi.core.image_tasks import KEPT_S, ImageTask
from kumoi.core.images import Image
from kumoi.core.query import MAX_PAGE, Query, eq

DEFAULT_PAGE = 25


class _Input(msgspec.Struct):
    import_from: str
    import_from_format: str = ""
    image_properties: dict[str, Any] = {}


class TaskBody(msgspec.Struct):
    type: Literal["import"]
    input: _Input


def routes(house: House) -> list[Route]:
    return [
        Route("GET", "/v2/tasks", partial(find, house), "image.tasks", "image"),
        Route("POST", "/v2/tasks", partial(create, house), "image.tasks", "image", body_type=TaskBody, success=201),
        Route("GET", "/v2/tasks/{id}", partial(show, house), "image.tasks", "image"),
    ]


def find(house: House, request: Request) -> Response:
    filters = tuple(eq(key, value) for key, value in request.query if key in {"status", "type"})
    limit = min(number("limit", request.arg("limit") or str(DEFAULT_PAGE)), MAX_PAGE)
    query = Query(filters=filters, marker=request.arg("marker"), limit=limit)
    found = imports.find(house, request.call(), query)
    shown = [_without(render_task(task, request.locale), "input", "result", "message") for task in found]
    return json_response({"tasks": shown, "first": "/v2/tasks", "schema": "/v2/schemas/tasks"})


def show(house: House, request: Request) -> Response:
    return json_response(render_task(imports.get(house, request.call(), request.params["id"]), request.locale))


def create(house: House, request: Request) -> Response:
    body, call = request.json(TaskBody), request.call()
    imports.check_tasks(house, call, body.input.import_from)
    fields = given(from_document(body.input.image_properties), "places")
    wish: Image = replace(Image(id=ImageId(house.chance.uuid()), project_id=ProjectId(""), name=""), **fields)
    image = doors.create(house, call, wish)
    said = msgspec.json.encode(body.input).decode()
    asked = imports.ImportWish(method="web-download", type="import", url=body.input.import_from, request=said)
    return json_response(render_task(imports.begin(house, call, image.id, asked), request.locale), 201)


def render_task(task: ImageTask, locale: Locale) -> dict[str, Any]:
    ended = task.status in {"success", "failure"}
    reason = str(task.facts.get("reason", ""))
    return {
        "id": task.id,
        "image_id": task.image_id,
        "request_id": task.request_id,
        "user_id": task.user_id,
        "owner": task.project_id,
        "type": task.type,
        "status": task.status,
        "input": msgspec.json.decode(task.request),
        "result": {"image_id": task.image_id} if task.status == "success" else None,
        "message": say_code(_key(task.code, reason), task.facts, locale) if task.code else "",
        "created_at": second(task.created_at),
        "updated_at": second(task.updated_at),
        "expires_at": second(task.updated_at + KEPT_S) if ended else None,
        "self": f"/v2/tasks/{task.id}",
        "schema": "/v2/schemas/task",
    }


def _key(code: str, reason: str) -> str:
    """Under which the sentence stands: an invalid input's is known by its reason."""
    if code == "invalid":
        return reason
    return f"{code}:{reason}" if reason else code


def _without(shown: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in shown.items() if name not in names}
