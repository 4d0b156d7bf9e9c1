"""/servers/{id}/metadata and /servers/{id}/tags."""

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
    def labels(request: Request, namespace: str) -> dict[str, str]:
        return read.get(house, request.call(), server_id(request)).labels.get(namespace, {})

    def show_all(request: Request) -> Response:
        return json_response({"metadata": labels(request, "metadata")})

    def put_all(request: Request) -> Response:
        wished = request.json(MetadataBody).metadata
        _check(wished)
        whole = request.method == "PUT"
        now = change.put_labels(house, request.call(), server_id(request), "metadata", wished, whole=whole)
        return json_response({"metadata": now})

    def show_one(request: Request) -> Response:
        key = request.params["key"]
        found = labels(request, "metadata")
        if key not in found:
            raise NotFound("compute", kind="label", id=key)
        return json_response({"meta": {key: found[key]}})

    def put_one(request: Request) -> Response:
        wished = request.json(MetaBody).meta
        if list(wished) != [request.params["key"]]:
            raise Invalid("api", field="meta", reason="format")
        _check(wished)
        change.put_labels(house, request.call(), server_id(request), "metadata", wished, whole=False)
        return json_response({"meta": wished})

    def drop_one(request: Request) -> Response:
        change.drop_label(house, request.call(), server_id(request), "metadata", request.params["key"])
        return no_content()

    def show_tags(request: Request) -> Response:
        return json_response({"tags": sorted(labels(request, "tag"))})

    def put_tags(request: Request) -> Response:
        wished = dict.fromkeys(request.json(TagsBody).tags, "")
        for tag in wished:
            _check_tag(tag)
        now = change.put_labels(house, request.call(), server_id(request), "tag", wished, whole=True)
        return json_response({"tags": sorted(now)})

    def put_tag(request: Request) -> Response:
        tag = request.params["tag"]
        _check_tag(tag)
        there = tag in labels(request, "tag")
        change.put_labels(house, request.call(), server_id(request), "tag", {tag: ""}, whole=False)
        return no_content(204 if there else 201)

    def check_tag(request: Request) -> Response:
        if request.params["tag"] not in labels(request, "tag"):
            raise NotFound("compute", kind="label", id=request.params["tag"])
        return no_content()

    def drop_tag(request: Request) -> Response:
        change.drop_label(house, request.call(), server_id(request), "tag", request.params["tag"])
        return no_content()

    def drop_tags(request: Request) -> Response:
        change.put_labels(house, request.call(), server_id(request), "tag", {}, whole=True)
        return no_content()

    all_of, one_of = V + "/servers/{id}/metadata", V + "/servers/{id}/metadata/{key}"
    tags, tag = V + "/servers/{id}/tags", V + "/servers/{id}/tags/{tag}"
    return [
        Route("GET", all_of, show_all, "instance.read", "compute"),
        Route("POST", all_of, put_all, "instance.update", "compute", body_type=MetadataBody),
        Route("PUT", all_of, put_all, "instance.update", "compute", body_type=MetadataBody),
        Route("GET", one_of, show_one, "instance.read", "compute"),
        Route("PUT", one_of, put_one, "instance.update", "compute", body_type=MetaBody),
        Route("DELETE", one_of, drop_one, "instance.update", "compute", success=204),
        Route("GET", tags, show_tags, "instance.read", "compute", min_version=TAGS_SINCE),
        Route("PUT", tags, put_tags, "instance.update", "compute", body_type=TagsBody, min_version=TAGS_SINCE),
        Route("DELETE", tags, drop_tags, "instance.update", "compute", success=204, min_version=TAGS_SINCE),
        Route("GET", tag, check_tag, "instance.read", "compute", success=204, min_version=TAGS_SINCE),
        Route("PUT", tag, put_tag, "instance.update", "compute", success=201, min_version=TAGS_SINCE),
        Route("DELETE", tag, drop_tag, "instance.update", "compute", success=204, min_version=TAGS_SINCE),
    ]


def _check(pairs: dict[str, str]) -> None:
    for key, value in pairs.items():
        if not 1 <= len(key) <= 255 or len(value) > 255:
            raise Invalid("api", field=f"metadata.{key[:32]}", reason="length", bound="at most 255")


def _check_tag(tag: str) -> None:
    if not 1 <= len(tag) <= 60 or "/" in tag or "," in tag:
        raise Invalid("api", field="tag", reason="format")
