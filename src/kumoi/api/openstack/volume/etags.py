"""ETags of metadata, since 3.15: who changes what somebody else has changed meanwhile is told so, where he asks."""

import hashlib
from typing import Any

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.openstack.volume.versions import at_least
from kumoi.core.errors import Stale


def tagged(request: Request, shown: dict[str, Any]) -> Response:
    answer = json_response(shown)
    if not at_least(request, 15):
        return answer
    return msgspec.structs.replace(answer, headers=(*answer.headers, ("ETag", tag_of(shown))))


def check_match(request: Request, shown: dict[str, Any], resource_id: str) -> None:
    """`shown` as it is now. Stale where `If-Match` names none of what it is."""
    wanted = request.header("if-match")
    if wanted is None or not at_least(request, 15):
        return
    named = {one.strip().strip('"') for one in wanted.split(",")}
    if not named & {"*", tag_of(shown).strip('"')}:
        raise Stale("storage", kind="metadata", id=resource_id, reason="if_match")


def tag_of(shown: dict[str, Any]) -> str:
    """In order of keys, so that the same metadata have the same tag."""
    return f'"{hashlib.sha256(msgspec.json.encode(shown, order="sorted")).hexdigest()[:32]}"'
