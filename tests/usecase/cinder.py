"""The volume service by Cinder's own paths, and who asks it."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
from tests.unit.api.edge.asgi_client import Answer, call
from tests.usecase.cloud import Cloud

from kumoi.api.edge.app import Edge
from kumoi.api.openstack.catalog import Site
from kumoi.api.openstack.volume.tongue import tongue
from kumoi.api.openstack.volume.versions import MOST
from kumoi.app.identity import people, tokens
from kumoi.app.identity.tokens import Scope, Who
from kumoi.core.ids import ProjectId, UserId
from kumoi.core.tenancy import Project, User


class Cinder:
    """Asked by `demo`, a member; `admin`, an administrator of the same project; `other`, a member of another one."""

    def __init__(self, folder: Path, runner: asyncio.Runner) -> None:
        self._runner = runner
        self.cloud = cloud = Cloud(folder)
        house, admin = cloud.house, cloud.call(admin=True)
        self.app = Edge([tongue(house, Site())], now=cloud.clock.now, new_id=cloud.chance.uuid)
        self.project = cloud.project
        self.other = people.create_project(house, admin, Project(id=ProjectId(""), account="", name="other")).id
        stranger = people.create_user(house, admin, User(id=UserId(""), name="o", password_hash=""), "o").id
        people.assign(house, admin, stranger, self.other, "member")
        users = {
            "demo": (cloud.call().actor.user_id, self.project),
            "admin": (admin.actor.user_id, self.project),
            "other": (stranger, self.other),
        }
        self._tokens = {
            name: tokens.by_password(house, Who(user_id=user), name[0], Scope(project_id=project)).token
            for name, (user, project) in users.items()
        }

    def ask(
        self, who: str, method: str, path: str, body: Any = None, version: str = "", *more: tuple[str, str]
    ) -> Answer:
        """`version` as in 3.7; empty: the newest."""
        headers = [("openstack-api-version", f"volume {version or f'{MOST[0]}.{MOST[1]}'}"), *more]
        if who:
            headers.append(("x-auth-token", self._tokens[who]))
        sent = None if body is None else msgspec.json.encode(body)
        return self._runner.run(call(self.app, method, f"/volume{path}", headers, sent))

    def get(self, path: str, who: str = "demo", version: str = "") -> Any:
        answer = self.ask(who, "GET", f"/v3{path}", version=version)
        assert answer.status == 200, answer.body
        return answer.json()

    def do(self, method: str, path: str, body: Any = None, status: int = 200, who: str = "admin") -> Any:
        """What was answered; None where nothing was."""
        answer = self.ask(who, method, f"/v3{path}", body)
        assert answer.status == status, answer.body
        return answer.json() if answer.body else None
