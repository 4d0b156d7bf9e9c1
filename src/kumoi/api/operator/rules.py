"""/security-groups/{id}/rules: what a group lets in, as text. The group by its id, EC2 id or name."""

from functools import partial
from typing import Any

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.app.house import House
from kumoi.app.networks import rule_texts
from kumoi.app.networks.security_groups import GroupView

_PATH = "/security-groups/{id}/rules"


class RulesIn(msgspec.Struct, forbid_unknown_fields=True):
    text: str


def routes(house: House) -> list[Route]:
    return [
        Route("GET", _PATH, partial(show, house), "security_group.read", "operator"),
        Route("PUT", _PATH, partial(set_text, house), "security_group.update", "operator", body_type=RulesIn),
    ]


def show(house: House, request: Request) -> Response:
    return json_response(_rendered(*rule_texts.told(house, request.call(), request.params["id"])))


def set_text(house: House, request: Request) -> Response:
    text = request.json(RulesIn).text
    return json_response(_rendered(*rule_texts.set_rules(house, request.call(), request.params["id"], text)))


def _rendered(view: GroupView, text: str) -> dict[str, Any]:
    group = view.group
    return {"security_group": {"id": group.id, "name": group.name, "project_id": group.project_id}, "text": text}
