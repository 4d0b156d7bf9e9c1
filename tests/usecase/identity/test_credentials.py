"""Credentials of any type: sealed at rest, their owner's own; those of EC2 sign."""

import pytest
from msgspec.structs import replace
from tests.usecase.identity.conftest import City

from kumoi.app.identity import access_keys, credentials, people
from kumoi.app.identity.credentials import Opened
from kumoi.core.call import Call
from kumoi.core.errors import Forbidden, Invalid, NotFound, Taken
from kumoi.core.ids import CredentialId, UserId
from kumoi.core.query import Query

PAIR = '{"access":"AK1","secret":"s1"}'


def wish(city: City, user: UserId, **fields: str) -> Opened:
    whole = Opened(
        id=CredentialId(""), user_id=user, project_id=city.cloud.project, type="totp", blob="GEZDGNBVGY3TQOJQ"
    )
    return replace(whole, **fields)


def call_of(city: City, user: UserId) -> Call:
    return replace(city.cloud.call(), actor=replace(city.cloud.call().actor, user_id=user))


def test_a_blob_is_sealed_and_shown_to_its_owner_only(city: City) -> None:
    user, other = city.user("u"), city.user("v")
    mine, theirs = call_of(city, user), call_of(city, other)
    made = credentials.create(city.house, mine, wish(city, user))
    stored = city.cloud.store.read(lambda tx: tx.credentials.find(Query()))
    assert [made.blob in row.sealed_blob for row in stored] == [False]
    assert credentials.get(city.house, mine, made.id).blob == made.blob
    assert credentials.update(city.house, mine, made.id, "new").blob == "new"
    for door in (credentials.get, credentials.delete):
        with pytest.raises(NotFound):
            door(city.house, theirs, made.id)
    with pytest.raises(NotFound):
        credentials.update(city.house, theirs, made.id, "x")
    with pytest.raises(Forbidden):
        credentials.create(city.house, theirs, wish(city, user))
    with pytest.raises(Forbidden):
        credentials.find(city.house, theirs, user)
    assert credentials.find(city.house, theirs) == []
    assert [one.blob for one in credentials.find(city.house, city.admin, user)] == ["new"]


def test_an_ec2_credential_is_an_access_key(city: City) -> None:
    user = city.user("u")
    people.assign(city.house, city.admin, user, city.cloud.project, "member")
    mine = call_of(city, user)
    made = credentials.create(city.house, mine, wish(city, user, type="ec2", blob=PAIR))
    assert access_keys.secret_of(city.house, "AK1") == "s1"
    credentials.update(city.house, mine, made.id, '{"access":"AK2","secret":"s2"}')
    assert (access_keys.secret_of(city.house, "AK1"), access_keys.secret_of(city.house, "AK2")) == (None, "s2")
    assert [one.type for one in credentials.find(city.house, mine, of_type="ec2")] == ["ec2"]
    with pytest.raises(Taken):
        credentials.create(city.house, mine, wish(city, user, type="ec2", blob='{"access":"AK2","secret":"x"}'))
    for wrong in ({"blob": "no json"}, {"blob": "{}"}, {"blob": PAIR, "project_id": ""}):
        with pytest.raises(Invalid):
            credentials.create(city.house, mine, wish(city, user, type="ec2", **wrong))
    credentials.delete(city.house, mine, made.id)
    assert access_keys.secret_of(city.house, "AK2") is None


def test_credentials_go_with_their_user(city: City) -> None:
    user = city.user("u")
    credentials.create(city.house, call_of(city, user), wish(city, user))
    people.delete_user(city.house, city.admin, user)
    assert city.cloud.store.read(lambda tx: tx.credentials.count(Query())) == 0
