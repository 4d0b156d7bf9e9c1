"""OpenAPI documents, made of the routes that a dialect has: what is asked for, since which version, by whom.

What is answered is not described: an answer is written by hand for each version, and told by its service's reference.
"""

import re
from collections.abc import Sequence
from typing import Any, Final, NoReturn

import msgspec

from kumoi import __version__
from kumoi.api.edge.plain import render_plain
from kumoi.api.edge.request import Request
from kumoi.api.edge.response import JSON, Response, json_response
from kumoi.api.edge.routes import Route, Tongue
from kumoi.core.errors import NotFound, Unauthenticated

PREFIX: Final = "/openapi"
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
_REF: Final = "#/components/schemas/{name}"
_PARAMETER: Final = re.compile(r"\{([^}*]+)\*?\}")
Schema = dict[str, Any]


def tongue(described: Sequence[Tongue]) -> Tongue:
    """Mounted at /openapi, for anybody: the list of documents, and each by its dialect's name."""
    by_name = {one.name: one for one in described if one.routes}

    def index(_request: Request) -> Response:
        return json_response({"documents": {name: f"{PREFIX}/{name}" for name in by_name}})

    def show(request: Request) -> Response:
        name = request.params["name"]
        if name not in by_name:
            raise NotFound("api", kind="document", id=name)
        return json_response(document(by_name[name]))

    return Tongue(
        name="openapi",
        prefix=PREFIX,
        routes=[
            Route("GET", "/", index, service="openapi", anonymous=True),
            Route("GET", "/{name}", show, service="openapi", anonymous=True),
        ],
        authenticate=_nobody,
        render_error=render_plain,
    )


def document(tongue: Tongue) -> Schema:
    """OpenAPI 3.1. What OpenAPI has no word for is told as `x-action`, `x-min-version`, `x-max-version`."""
    routes = [route for route in tongue.routes if route.method in _METHODS]
    bodies = [route.body_type for route in routes if route.body_type is not None]
    schemas, components = msgspec.json.schema_components(bodies, ref_template=_REF)
    of_body = {id(body): schema for body, schema in zip(bodies, schemas, strict=True)}
    alike: dict[tuple[str, str], list[Route]] = {}
    for route in routes:
        alike.setdefault((_path(route.path), route.method.lower()), []).append(route)
    paths: dict[str, Schema] = {}
    for (path, method), those in alike.items():
        known = [of_body[id(route.body_type)] for route in those if route.body_type is not None]
        paths.setdefault(path, {})[method] = _operation(path, method, those, known)
    return {
        "openapi": "3.1.0",
        "info": {"title": f"Kumoi: {tongue.name}", "version": __version__},
        "servers": [{"url": tongue.prefix}],
        "paths": paths,
        "components": {"schemas": components},
    }


def _operation(path: str, method: str, routes: Sequence[Route], bodies: Sequence[Schema]) -> Schema:
    """Of all routes of a path and method: they differ in their versions, or in the only key of their body."""
    shown: Schema = {
        "operationId": re.sub(r"[^\w.-]+", "_", f"{method}{path}").rstrip("_"),
        "tags": sorted({route.service for route in routes}),
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in _PARAMETER.findall(path)
        ],
        "responses": {
            **{str(route.success): {"description": "It was done."} for route in routes},
            "default": {"description": "It was refused: why, in the service's own form."},
        },
    }
    if bodies:
        unlike = [body for at, body in enumerate(bodies) if body not in bodies[:at]]
        schema = unlike[0] if len(unlike) == 1 else {"anyOf": unlike}
        shown["requestBody"] = {"content": {JSON: {"schema": schema}}}
    if actions := sorted({route.action for route in routes if route.action is not None}):
        shown["x-action"] = actions
    least = [route.min_version for route in routes]
    most = [route.max_version for route in routes]
    if (first := min((v for v in least if v is not None), default=None)) is not None and None not in least:
        shown["x-min-version"] = _spelled(first)
    if (last := max((v for v in most if v is not None), default=None)) is not None and None not in most:
        shown["x-max-version"] = _spelled(last)
    return shown


def _path(pattern: str) -> str:
    return _PARAMETER.sub(r"{\1}", pattern)


def _spelled(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


def _nobody(_request: Request) -> NoReturn:
    raise Unauthenticated(reason="no_credentials")
