"""Generated from the routes and the one table of the policy: what each persona may not do is refused to it at every
route, and the lists that it may read are not. A route or an action added tomorrow is tried as well."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.usecase.test_every_route_is_guarded import READS, TOLD_TO_ALL, Guarded, Try, refusals

from kumoi.app.identity import assignments, domains, people, tokens
from kumoi.app.identity.tokens import Scope, Who
from kumoi.core.call import Actor, Call
from kumoi.core.delegation import Asked
from kumoi.core.ids import DomainId, UserId
from kumoi.core.policy import ACTIONS, may
from kumoi.core.roles import Assignment
from kumoi.core.tenancy import DEFAULT_DOMAIN, Domain, User

PERSONAS = ("system admin", "system reader", "domain admin", "domain manager", "project manager", "project member")
ASKED = Asked(service="identity", method="GET", path="/v3/users")
# A domain's manager may more than the table says: see `app.identity.domain_managers`.
MANAGED = frozenset({"identity.read", "identity.write"})
BY_SIDE = "/v3/OS-TRUST/trusts"  # everybody's, unless it is asked for one's own


class Persona:
    """A role in a scope: its token, and what the policy sees of it."""

    def __init__(self, guarded: Guarded, name: str) -> None:
        house, admin = guarded.cloud.house, guarded.cloud.call(admin=True)
        where, role = name.split()
        wish = User(id=UserId(""), name=name, password_hash="", domain_id=DEFAULT_DOMAIN)
        user = people.create_user(house, admin, wish, "p").id
        domain, project, scope = "", "", Scope(system=True)
        if where == "domain":
            domain = domains.create(house, admin, Domain(id=DomainId(""), name=f"of the {name}")).id
            scope = Scope(whole_domain=domain)
        elif where == "project":
            project = guarded.cloud.project
            scope = Scope(project_id=project)
        given = Assignment(id="", role=role, user_id=user, project_id=project, domain_id=domain)
        assignments.assign(house, admin, given)
        self.token = tokens.by_password(house, Who(user_id=user), "p", scope).token
        self.actor: Actor = tokens.actor_of(house, self.token, ASKED)
        self.project = project

    def may(self, action: str) -> bool:
        return may(Call(actor=self.actor, request_id="req", now=0.0), action)

    def reads_all(self, action: str) -> bool:
        """Whether no scope can be what is missing: things of a project are not looked at without one."""
        return self.may(action) and (bool(self.project) or ACTIONS[action] in {"checker", "overseer", "any"})


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with asyncio.Runner() as runner:
        made = Guarded(Path(tmp_path_factory.mktemp("personas")), runner)
        yield made
        made.close()


def table(guarded: Guarded) -> Iterator[tuple[str, Try]]:
    """Every route that says which action it is, of the APIs: the dashboard's pages call the same doors."""
    for one in guarded.tries():
        if one.route.action is not None and one.tongue != "web":
            yield one.route.action, one


def is_list(one: Try) -> bool:
    return one.route.method in READS and "{" not in one.route.path and one.route.path != BY_SIDE


@pytest.mark.parametrize("name", PERSONAS)
def test_what_a_persona_may_not_is_refused_and_what_it_reads_is_not(guarded: Guarded, name: str) -> None:
    persona = Persona(guarded, name)
    before, wrong = guarded.owned_rows(), {}
    for action, one in table(guarded):
        managed = name == "domain manager" and action in MANAGED
        if not persona.may(action) and not managed and one.target not in TOLD_TO_ALL:
            status = guarded.ask(one, persona.token).status
            if status not in refusals(one.route):
                wrong[str(one)] = status
        elif is_list(one) and persona.reads_all(action):
            status = guarded.ask(one, persona.token).status
            if status in {401, 403}:
                wrong[str(one)] = status
    assert wrong == {}
    assert guarded.owned_rows() == before
