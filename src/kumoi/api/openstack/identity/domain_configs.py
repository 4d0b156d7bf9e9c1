"""/v3/domains/{id}/config: options in groups, whole or in parts, and what they are by default."""

from functools import partial
from typing import Any

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.app.house import House
from kumoi.app.identity import domain_configs
from kumoi.core.errors import Forbidden, Invalid
from kumoi.core.ids import DomainId

_DEFAULTS = ("/v3/domains/config/default", "/v3/domains/config/{group}/default",
             "/v3/domains/config/{group}/{option}/default")  # fmt: skip
_PARTS = ("/v3/domains/{id}/config", "/v3/domains/{id}/config/{group}", "/v3/domains/{id}/config/{group}/{option}")


class ConfigBody(msgspec.Struct):
    config: dict[str, Any]


def routes(house: House) -> list[Route]:
    found = [
        Route("PUT", _PARTS[0], partial(put, house), "identity.write", "identity", body_type=ConfigBody, success=201),
        *(Route("GET", path, partial(defaults, house), "identity.read", "identity") for path in _DEFAULTS),
    ]
    for path in _PARTS:
        found += [
            Route("GET", path, partial(show, house), "identity.read", "identity"),
            Route("PATCH", path, partial(update, house), "identity.write", "identity", body_type=ConfigBody),
            Route("DELETE", path, partial(delete, house), "identity.write", "identity", success=204),
        ]
    return found


def defaults(house: House, request: Request) -> Response:
    return _shown(domain_configs.defaults(house, request.call()), request)


def show(house: House, request: Request) -> Response:
    return _shown(domain_configs.get(house, request.call(), _id(request)), request)


def put(house: House, request: Request) -> Response:
    made = domain_configs.put(house, request.call(), _id(request), _groups(request.json(ConfigBody).config))
    return json_response({"config": made}, 201)


def update(house: House, request: Request) -> Response:
    """Of a part, no more than that part may be named."""
    said, group, option = request.json(ConfigBody).config, request.params.get("group"), request.params.get("option")
    if option is not None and group is not None:
        said = {group: {option: said[option]}} if said.keys() == {option} else said
    said = _groups(said)
    if group is not None and (said.keys() != {group} or (option is not None and said[group].keys() != {option})):
        raise Forbidden("identity", action="domain_config.update", needs=[], reason="no_such_option", name=str(group))
    return json_response({"config": domain_configs.merge(house, request.call(), _id(request), said)})


def delete(house: House, request: Request) -> Response:
    domain_configs.drop(
        house, request.call(), _id(request), request.params.get("group", ""), request.params.get("option", "")
    )
    return no_content()


def _shown(options: domain_configs.Options, request: Request) -> Response:
    group, option = request.params.get("group"), request.params.get("option", "")
    if group is None:
        return json_response({"config": options})
    return json_response({"config": domain_configs.part(options, request.params.get("id", ""), group, option)})


def _id(request: Request) -> DomainId:
    return DomainId(request.params["id"])


def _groups(said: dict[str, Any]) -> domain_configs.Options:
    """Invalid where a group is no object."""
    for group, options in said.items():
        if not isinstance(options, dict):
            got = type(options).__name__
            raise Invalid("identity", field=f"config.{group}", reason="wrong_type", expected="object", got=got)
    return said
