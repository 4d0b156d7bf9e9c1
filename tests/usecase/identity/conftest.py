"""A cloud with an administrator, and people who come and go."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.usecase.cloud import Cloud

from kumoi.app.identity import people, tokens
from kumoi.app.identity.tokens import Grant, Scope, Who
from kumoi.core.call import Call
from kumoi.core.delegation import Asked
from kumoi.core.ids import DomainId, ProjectId, UserId
from kumoi.core.tenancy import DEFAULT_DOMAIN, Project, User

ASKED = Asked(service="identity", method="GET", path="/v3/users")


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

    def roles(self, token: str) -> list[str]:
        """What a token lets its holder be, now."""
        return sorted(tokens.actor_of(self.house, token, ASKED).roles)


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    made = City(tmp_path)
    yield made
    made.cloud.close()
