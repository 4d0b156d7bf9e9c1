"""/servers/{id}/metadata and /servers/{id}/tags."""

from functools import partial

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.compute.servers import V, server_id
from kumoi.app.house import House
from kumoi.app.instances import change, read
from kumoi.core.errors import Invalid, NotFound

TAGS_SINCE = (2, 26)


class MetadataBody(msgspec.Struct):
    metadata: dict[str, str]


class MetaBody(msgspec.Struct):
    meta: dict[str, str]


class TagsBody(msgspec.Struct):
    tags: list[str]


def routes(house: House) -> list[Route]:
    all_of, one_of = V + "/servers/{id}/metadata", V + "/servers/{id}/metadata/{key}"
    tags, tag = V + "/servers/{id}/tags", V + "/servers/{id}/tags/{tag}"
    return [
        Route("GET", all_of, partial(show_all, house), "instance.read", "compute"),
        Route("POST", all_of, partial(put_all, house), "instance.update", "compute", body_type=MetadataBody),
        Route("PUT", all_of, partial(put_all, house), "instance.update", "compute", body_type=MetadataBody),
        Route("GET", one_of, partial(show_one, house), "instance.read", "compute"),
        Route("PUT", one_of, partial(put_one, house), "instance.update", "compute", body_type=MetaBody),
        Route("DELETE", one_of, partial(drop_one, house), "instance.update", "compute", success=204),
        Route("GET", tags, partial(show_tags, house), "instance.read", "compute", min_version=TAGS_SINCE),
        Route(
            "PUT",
            tags,
            partial(put_tags, house),
            "instance.update",
            "compute",
            body_type=TagsBody,
            min_version=TAGS_SINCE,
        ),
        Route(
            "DELETE", tags, partial(drop_tags, house), "instance.update", "compute", success=204, min_version=TAGS_SINCE
        ),
        Route("GET", tag, partial(check_tag, house), "instance.read", "compute", success=204, min_version=TAGS_SINCE),
        Route("PUT", tag, partial(put_tag, house), "instance.update", "compute", success=201, min_version=TAGS_SINCE),
        Route(
            "DELETE", tag, partial(drop_tag, house), "instance.update", "compute", success=204, min_version=TAGS_SINCE
        ),
    ]


def labels(house: House, request: Request, namespace: str) -> dict[str, str]:
    return read.get(house, request.call(), server_id(request)).labels.get(namespace, {})


def show_all(house: House, request: Request) -> Response:
    return json_response({"metadata": labels(house, request, "metadata")})


def put_all(house: House, request: Request) -> Response:
    wished = request.json(MetadataBody).metadata
    _check(wished)
    whole = request.method == "PUT"
    now = change.put_labels(house, request.call(), server_id(request), "metadata", wished, whole=whole)
    return json_response({"metadata": now})


def show_one(house: House, request: Request) -> Response:
    key = request.params["key"]
    found = labels(house, request, "metadata")
    if key not in found:
        raise NotFound("compute", kind="label", id=key)
    return json_response({"meta": {key: found[key]}})


def put_one(house: House, request: Request) -> Response:
    wished = request.json(MetaBody).meta
    if list(wished) != [request.params["key"]]:
        raise Invalid("api", field="meta", reason="format")
    _check(wished)
    change.put_labels(house, request.call(), server_id(request), "metadata", wished, whole=False)
    return json_response({"meta": wished})


def drop_one(house: House, request: Request) -> Response:
    change.drop_label(house, request.call(), server_id(request), "metadata", request.params["key"])
    return no_content()


def show_tags(house: House, request: Request) -> Response:
    return json_response({"tags": sorted(labels(house, request, "tag"))})


def put_tags(house: House, request: Request) -> Response:
    wished = dict.fromkeys(request.json(TagsBody).tags, "")
    for tag in wished:
        _check_tag(tag)
    now = change.put_labels(house, request.call(), server_id(request), "tag", wished, whole=True)
    return json_response({"tags": sorted(now)})


def put_tag(house: House, request: Request) -> Response:
    tag = request.params["tag"]
    _check_tag(tag)
    there = tag in labels(house, request, "tag")
    change.put_labels(house, request.call(), server_id(request), "tag", {tag: ""}, whole=False)
    here = f"{request.base_url}{request.raw_path.decode('latin-1')}"
    return Response(204 if there else 201, headers=(("Location", here),))


def check_tag(house: House, request: Request) -> Response:
    if request.params["tag"] not in labels(house, request, "tag"):
        raise NotFound("compute", kind="label", id=request.params["tag"])
    return no_content()


def drop_tag(house: House, request: Request) -> Response:
    change.drop_label(house, request.call(), server_id(request), "tag", request.params["tag"])
    return no_content()


def drop_tags(house: House, request: Request) -> Response:
    change.put_labels(house, request.call(), server_id(request), "tag", {}, whole=True)
    return no_content()


def _check(pairs: dict[str, str]) -> None:
    for key, value in pairs.items():
        if not 1 <= len(key) <= 255 or len(value) > 255:
            raise Invalid("api", field=f"metadata.{key[:32]}", reason="length", bound="at most 255")


def _check_tag(tag: str) -> None:
    if not 1 <= len(tag) <= 60 or "/" in tag or "," in tag:
        raise Invalid("api", field="tag", reason="format")
