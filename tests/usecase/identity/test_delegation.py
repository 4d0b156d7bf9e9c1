"""What a user hands on, and that it never gives more than the user has."""

from typing import Any

import pytest
from msgspec.structs import replace
from tests.usecase.identity.conftest import ASKED, Ask, City

from kumoi.app.identity import application_credentials, assignments, people, tokens, trusts
from kumoi.app.identity.application_credentials import CredentialWish
from kumoi.app.identity.tokens import Scope, Who
from kumoi.app.identity.trusts import TrustWish
from kumoi.core.call import Call
from kumoi.core.delegation import AccessRule, Asked, permits
from kumoi.core.errors import Forbidden, InUse, Invalid, NotFound, Unauthenticated
from kumoi.core.ids import AccessRuleId, ApplicationCredentialId, ProjectId, TrustId, UserId
from kumoi.core.query import Query
from kumoi.core.roles import Assignment


class Giver:
    """A user with the role member on a project of its own, and a friend without any."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.user, self.friend, self.project = city.user("giver"), city.user("friend"), city.project("p")
        people.assign(city.house, city.admin, self.user, self.project, "member")
        self.call = self.call_by(city.sign_in(self.user, Scope(project_id=self.project)).token)

    def call_by(self, token: str) -> Call:
        return replace(self.city.cloud.call(), actor=tokens.actor_of(self.city.house, token, ASKED))

    def credential(self, **wish: Any) -> tuple[ApplicationCredentialId, str]:
        """Its id and secret."""
        made, secret = application_credentials.create(
            self.city.house, self.call, self.user, CredentialWish(name=f"n{wish}", **wish)
        )
        return made.credential.id, secret

    def by_credential(self, credential_id: ApplicationCredentialId, secret: str) -> str:
        return tokens.by_credential(self.city.house, credential_id, Who(), "", secret).token

    def trust(self, **wish: Any) -> TrustId:
        whole: dict[str, Any] = {
            "trustor_id": self.user, "trustee_id": self.friend, "project_id": self.project, "roles": ("reader",),
            "impersonation": False, **wish,
        }  # fmt: skip
        return trusts.create(self.city.house, self.call, TrustWish(**whole)).id

    def by_trust(self, trust_id: TrustId) -> str:
        return self.city.sign_in(self.friend, Scope(trust_id=trust_id)).token


@pytest.fixture
def giver(city: City) -> Giver:
    return Giver(city)


def test_a_credential_gives_what_its_user_still_has(giver: Giver) -> None:
    city = giver.city
    token = giver.by_credential(*giver.credential())
    assert city.roles(token) == ["member", "reader"]
    assert city.roles(giver.by_credential(*giver.credential(roles=("reader",)))) == ["reader"]
    people.assign(city.house, city.admin, giver.user, giver.project, "admin")
    assert city.roles(token) == ["member", "reader"]
    for role in ("admin", "member"):
        held = Assignment(id="", role=role, user_id=giver.user, project_id=giver.project)
        assignments.unassign(city.house, city.admin, held)
    with pytest.raises(Unauthenticated):
        city.roles(token)


def test_a_credential_is_refused_wrong_late_and_deleted(giver: Giver) -> None:
    city = giver.city
    credential_id, secret = giver.credential(expires_at=city.cloud.clock.now() + 60)
    with pytest.raises(Unauthenticated):
        giver.by_credential(credential_id, "wrong")
    token = giver.by_credential(credential_id, secret)
    city.cloud.clock.advance(61)
    with pytest.raises(Unauthenticated):
        city.roles(token)
    with pytest.raises(Unauthenticated):
        giver.by_credential(credential_id, secret)
    other, secret = giver.credential()
    token = giver.by_credential(other, secret)
    application_credentials.delete(city.house, giver.call, giver.user, other)
    with pytest.raises(Unauthenticated):
        city.roles(token)
    with pytest.raises(Invalid):
        giver.credential(expires_at=1.0)
    with pytest.raises(Invalid):
        giver.credential(roles=("admin",))


def test_a_restricted_credential_makes_no_more_of_its_kind(giver: Giver) -> None:
    house, credential = giver.city.house, giver.by_credential(*giver.credential())
    restricted = giver.call_by(credential)
    with pytest.raises(Forbidden):
        application_credentials.create(house, restricted, giver.user, CredentialWish(name="more"))
    with pytest.raises(Forbidden):
        tokens.by_token(house, credential, Scope(unscoped=True))
    free = giver.call_by(giver.by_credential(*giver.credential(unrestricted=True)))
    application_credentials.create(house, free, giver.user, CredentialWish(name="more"))


def test_access_rules_are_kept_at_every_service(giver: Giver, ask: Ask) -> None:
    rules = (("identity", "GET", "/v3/users/*"), ("compute", "GET", "/v2.1/servers/**"))
    token = giver.by_credential(*giver.credential(rules=rules))
    for path, status in (
        (f"/identity/v3/users/{giver.user}", 200),
        ("/compute/v2.1/servers/detail", 200),
        ("/compute/v2.1/flavors", 403),
        ("/image/v2/images", 403),
        ("/identity/v3/auth/projects", 403),
    ):
        assert ask("GET", path, token).status == status, path
    assert ask("POST", "/compute/v2.1/servers", token, {"server": {}}).status == 403
    assert ask("GET", "/compute/v2.1/servers", giver.by_credential(*giver.credential(rules=()))).status == 403


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("/v2.1/servers/*/ips", "/v2.1/servers/1/ips", True),
        ("/v2.1/servers/*/ips", "/v2.1/servers/1/2/ips", False),
        ("/v2.1/servers/{id}", "/v2.1/servers/1", True),
        ("/v2.1/**", "/v2.1/servers/1/2", True),
        ("/v2.1/**/ips", "/v2.1/servers/1/ips", True),
        ("/v2.1/servers", "/v2.1/servers/1", False),
        ("/v2.1/servers", "/v2.1/serversX", False),
    ],
)
def test_a_path_fits_its_pattern(pattern: str, path: str, fits: bool) -> None:
    rule = AccessRule(id=AccessRuleId(""), user_id=UserId(""), service="compute", method="GET", path=pattern)
    assert permits(rule, Asked(service="compute", method="GET", path=path)) is fits
    assert not permits(rule, Asked(service="compute", method="POST", path=path))
    assert not permits(rule, Asked(service="image", method="GET", path=path))


def test_an_access_rule_stays_while_it_is_used(giver: Giver) -> None:
    house = giver.city.house
    giver.credential(rules=(("compute", "GET", "/v2.1/servers"),))
    giver.credential(rules=(("compute", "GET", "/v2.1/servers"),), description="shares it")
    (rule,) = application_credentials.rules(house, giver.call, giver.user)
    with pytest.raises(InUse):
        application_credentials.delete_rule(house, giver.call, giver.user, rule.id)
    for one in application_credentials.find(house, giver.call, giver.user):
        application_credentials.delete(house, giver.call, giver.user, one.credential.id)
    application_credentials.delete_rule(house, giver.call, giver.user, rule.id)
    assert application_credentials.rules(house, giver.call, giver.user) == []


def test_keystones_clients_sign_in_with_a_credential(giver: Giver, ask: Ask) -> None:
    credential_id, secret = giver.credential()
    given = {"id": credential_id, "secret": secret}
    body: Any = {"auth": {"identity": {"methods": ["application_credential"], "application_credential": given}}}
    answer = ask("POST", "/identity/v3/auth/tokens", body=body)
    told = answer.json()["token"]
    assert (answer.status, told["project"]["id"]) == (201, giver.project)
    assert told["application_credential"]["restricted"] is True
    body["auth"]["scope"] = {"project": {"id": giver.project}}
    assert ask("POST", "/identity/v3/auth/tokens", body=body).status == 401


def test_a_trust_gives_its_trustee_some_of_the_trustors_roles(giver: Giver) -> None:
    city = giver.city
    plain, borrowed = giver.trust(), giver.trust(impersonation=True)
    assert city.roles(giver.by_trust(plain)) == ["reader"]
    assert giver.call_by(giver.by_trust(plain)).actor.user_id == giver.friend
    token = giver.by_trust(borrowed)
    assert giver.call_by(token).actor.user_id == giver.user
    with pytest.raises(Forbidden):
        city.sign_in(giver.user, Scope(trust_id=plain))
    with pytest.raises(Invalid):
        giver.trust(roles=("admin",))
    people.update_user(city.house, city.admin, giver.user, {"enabled": False})
    with pytest.raises(Unauthenticated):
        city.roles(token)


def test_a_trust_ends_by_its_uses_its_time_and_its_trustor(giver: Giver) -> None:
    city = giver.city
    once = giver.trust(remaining_uses=1)
    token = giver.by_trust(once)
    assert city.roles(token) == ["reader"]
    with pytest.raises(Forbidden):
        giver.by_trust(once)
    soon = giver.trust(expires_at=city.cloud.clock.now() + 60)
    short = giver.by_trust(soon)
    city.cloud.clock.advance(61)
    with pytest.raises(Unauthenticated):
        city.roles(short)
    with pytest.raises(Forbidden):
        giver.by_trust(soon)
    gone = giver.trust()
    token = giver.by_trust(gone)
    friends = replace(giver.call, actor=replace(giver.call.actor, user_id=giver.friend))
    with pytest.raises(Forbidden):
        trusts.delete(city.house, friends, gone)
    trusts.delete(city.house, giver.call, gone)
    with pytest.raises(Unauthenticated):
        city.roles(token)


def test_a_chain_of_trusts_is_as_long_as_was_allowed_and_breaks_at_its_first(giver: Giver) -> None:
    city, third = giver.city, giver.city.user("third")
    first = giver.trust(impersonation=True, redelegations=1)
    by_friend = giver.call_by(giver.by_trust(first))
    wish = TrustWish(
        trustor_id=giver.user, trustee_id=third, project_id=giver.project, roles=("reader",), impersonation=True
    )
    second = trusts.create(city.house, by_friend, wish).id
    token = city.sign_in(third, Scope(trust_id=second)).token
    assert city.roles(token) == ["reader"]
    with pytest.raises(Forbidden):
        trusts.create(city.house, giver.call_by(token), replace(wish, trustee_id=giver.friend))
    with pytest.raises(Invalid):
        trusts.create(city.house, by_friend, replace(wish, roles=("member",)))
    trusts.delete(city.house, giver.call, first)
    with pytest.raises(Unauthenticated):
        city.roles(token)
    with pytest.raises(NotFound):
        trusts.get(city.house, giver.call, second)


def test_what_was_handed_on_goes_with_user_and_project(giver: Giver) -> None:
    city = giver.city
    giver.credential(rules=(("compute", "GET", "/v2.1/servers"),))
    giver.trust()
    people.delete_user(city.house, city.admin, giver.user)
    for kind in ("application_credentials", "access_rules", "trusts"):
        assert city.cloud.store.read(lambda tx, kind=kind: getattr(tx, kind).count(Query())) == 0, kind
    people.delete_project(city.house, city.admin, ProjectId(giver.project))
