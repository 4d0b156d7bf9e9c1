"""Placement's error bodies: a list of one, with a code since 1.23."""

from typing import Final

from kumoi.api.edge.errors import status_of
from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.text import say
from kumoi.api.openstack.microversions import Version
from kumoi.api.openstack.placement.validation import told
from kumoi.api.openstack.placement.versions import LEAST, MOST, version_of
from kumoi.core.errors import InUse, Invalid, KumoiError, Stale, Taken

_TITLES: Final = {
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    406: "Not Acceptable", 409: "Conflict", 413: "Request Entity Too Large", 415: "Unsupported Media Type",
    501: "Not Implemented", 503: "Service Unavailable",
}  # fmt: skip
# Placement's own sentences for what every service may say.
_WORDING: Final = {
    "no_route": "The resource could not be found.",
    "method_not_allowed": "The method {method} is not allowed for this resource.",
    "unsupported_media_type": "The media type {got} is not supported, use {wanted}",
    "not_json": "Malformed JSON: what came cannot be read.",
    "version_range": "Unacceptable version header: {value}",
    "version_format": "invalid version string: {value}",
}
_IN_USE: Final = {
    "provider_held": "placement.resource_provider.inuse",
    "provider_host": "placement.resource_provider.inuse",
    "provider_parent": "placement.resource_provider.cannot_delete_parent",
    "inventory": "placement.inventory.inuse",
}
_NOT_ACCEPTABLE: Final = {"version_range", "not_acceptable"}


def render_error(request: Request, error: KumoiError) -> Response:
    status = status_of(error, {})
    reason = error.facts.get("reason")
    shown: dict[str, object] = {}
    if isinstance(error, Invalid) and reason in _NOT_ACCEPTABLE:
        status = 406
        if reason == "version_range":
            shown = {"max_version": f"{MOST[0]}.{MOST[1]}", "min_version": f"{LEAST[0]}.{LEAST[1]}"}
    shown |= {
        "status": status,
        "title": _TITLES.get(status, "Internal Server Error"),
        "detail": _detail(request, error),
        "request_id": request.id,
    }
    if _version(request) >= (1, 23):
        shown["code"] = _code(error)
    return json_response({"errors": [shown]}, status)


def _version(request: Request) -> Version:
    """Where no route was found, nobody has asked yet which version is meant."""
    if request.version is not None:
        return request.version
    try:
        return version_of(request)
    except Invalid:
        return LEAST


def _detail(request: Request, error: KumoiError) -> str:
    if request.locale != "en":
        return say(error, request.locale)
    shape = told(request, error) if isinstance(error, Invalid) else None
    return shape or say(error, request.locale, _WORDING)


def _code(error: KumoiError) -> object:
    if isinstance(error, Stale):
        return "placement.concurrent_update"
    if isinstance(error, Taken) and error.facts.get("reason") == "provider":
        return "placement.duplicate_name"
    if isinstance(error, InUse):
        return _IN_USE.get(str(error.facts.get("reason")), "placement.undefined_code")
    return error.facts.get("code") or "placement.undefined_code"
