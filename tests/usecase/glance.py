"""The image service by Glance's own paths, and who asks it."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
from tests.unit.api.edge.asgi_client import Answer, call
from tests.usecase.cloud import Cloud

from kumoi.api.edge.app import Edge
from kumoi.api.openstack import image as glance
from kumoi.api.openstack.catalog import Site
from kumoi.app.identity import people
from kumoi.core.call import Actor
from kumoi.core.ids import ProjectId, UserId
from kumoi.core.tenancy import Project

PATCH = ("content-type", "application/openstack-images-v2.1-json-patch")


class Glance:
    """The image service, and who asks it: `demo`, a member of another project (`other`), or an administrator."""

    def __init__(self, folder: Path) -> None:
        self.cloud = Cloud(folder)
        admin = self.cloud.call(admin=True)
        wish = Project(id=ProjectId(""), account="", name="other")
        self.other = people.create_project(self.cloud.house, admin, wish).id
        member = frozenset({"member"})
        self.actors = {
            "demo": self.cloud.call().actor,
            "admin": admin.actor,
            "other": Actor(user_id=UserId("u"), user_name="u", project_id=self.other, roles=member),
        }

    def ask(self, who: str, method: str, path: str, body: Any = None, *headers: tuple[str, str]) -> Answer:
        """A body of bytes is sent as it is, as octets."""
        spoken = msgspec.structs.replace(
            glance.tongue(self.cloud.house, Site()), authenticate=lambda _: self.actors[who]
        )
        app = Edge([spoken], now=self.cloud.clock.now, new_id=self.cloud.chance.uuid)
        sent = body if isinstance(body, bytes) or body is None else msgspec.json.encode(body)
        if isinstance(body, bytes):
            headers = (*headers, ("content-type", "application/octet-stream"))
        return asyncio.run(call(app, method, f"/image{path}", [*headers], sent))

    def create(self, who: str = "demo", **fields: Any) -> Any:
        answer = self.ask(who, "POST", "/v2/images", {"name": "イメージ", **fields})
        assert answer.status == 201, answer.json()
        return answer.json()

    def listed(self, who: str, query: str = "") -> set[str]:
        answer = self.ask(who, "GET", f"/v2/images?{query}")
        assert answer.status == 200, answer.json()
        return {image["id"] for image in answer.json()["images"]}
