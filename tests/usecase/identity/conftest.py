"""A cloud with an administrator, and people who come and go."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.unit.api.edge.asgi_client import Answer, call
from tests.usecase.cloud import Cloud

from kumoi.api.edge.app import Edge
from kumoi.app.identity import people, tokens
from kumoi.app.identity.tokens import Grant, Scope, Who
from kumoi.cmd.serve import tongues
from kumoi.core.call import Call
from kumoi.core.delegation import Asked
from kumoi.core.ids import DomainId, ProjectId, UserId
from kumoi.core.tenancy import DEFAULT_DOMAIN, Project, User
from kumoi.runtime.settings import load

ASKED = Asked(service="identity", method="GET", path="/v3/users")


Ask = Callable[..., Answer]


class City:
    """`admin` is the administrator's call."""

    def __init__(self, folder: Path) -> None:
        self.cloud = Cloud(folder)
        self.house = self.cloud.house

    @property
    def admin(self) -> Call:
        return self.cloud.call(admin=True)

    def user(self, name: str, domain_id: DomainId = DEFAULT_DOMAIN) -> UserId:
        wish = User(id=UserId(""), name=name, password_hash="", domain_id=domain_id)
        return people.create_user(self.house, self.admin, wish, "p").id

    def project(self, name: str, domain_id: DomainId = DEFAULT_DOMAIN, parent_id: str = "") -> ProjectId:
        wish = Project(id=ProjectId(""), account="", name=name, domain_id=domain_id, parent_id=parent_id or domain_id)
        return people.create_project(self.house, self.admin, wish).id

    def sign_in(self, user_id: UserId, scope: Scope) -> Grant:
        return tokens.by_password(self.house, Who(user_id=user_id), "p", scope)

    def sign_in_as(self, name: str, password: str, scope: Scope) -> Grant:
        return tokens.by_password(self.house, Who(user_name=name), password, scope)

    def roles(self, token: str) -> list[str]:
        """What a token lets its holder be, now."""
        return sorted(tokens.actor_of(self.house, token, ASKED).roles)


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    made = City(tmp_path)
    yield made
    made.cloud.close()


@pytest.fixture
def ask(city: City, tmp_path: Path) -> Iterator[Ask]:
    settings = load(tmp_path, {})
    app: Edge
    spoken = tongues(city.house, settings, lambda: app.waiters)
    app = Edge(spoken, now=city.cloud.clock.now, new_id=city.cloud.chance.uuid)
    with asyncio.Runner() as runner:

        def one(method: str, path: str, token: str = "", body: Any = None, *more: tuple[str, str]) -> Answer:
            headers = [*more, *([("x-auth-token", token)] if token else [])]
            headers += [("content-type", "application/json")] if body is not None else []
            sent = None if body is None else msgspec.json.encode(body)
            return runner.run(call(app, method, path, headers, sent))

        yield one
        app.close()
