"""Projects: what keeps one, what goes with it, and who is told its account."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.usecase.cloud import Cloud

from kumoi.app.identity import access_keys, people
from kumoi.app.images import doors as images
from kumoi.app.networks.networks import NetworkWish, create_networks, delete_network
from kumoi.app.networks.security_groups import GroupWish, create_groups
from kumoi.app.networks.vpcs import VpcWish, create_vpc, delete_vpc
from kumoi.core.call import Call
from kumoi.core.errors import InUse
from kumoi.core.ids import ImageId, ProjectId
from kumoi.core.images import Image
from kumoi.core.query import Query, alive, eq
from kumoi.core.tenancy import Project


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    made = Cloud(tmp_path)
    yield made
    made.close()


def other(cloud: Cloud) -> tuple[Project, Call]:
    """Another project, and a member's call in it."""
    admin = cloud.call(admin=True)
    made = people.create_project(cloud.house, admin, Project(id=ProjectId(""), account="", name="other"))
    actor = replace(cloud.call().actor, project_id=made.id)
    people.assign(cloud.house, admin, actor.user_id, made.id, "member")
    return made, replace(cloud.call(), actor=actor)


def test_what_lives_in_a_project_keeps_it(cloud: Cloud) -> None:
    project, mine = other(cloud)

    def refused() -> object:
        with pytest.raises(InUse) as refusal:
            people.delete_project(cloud.house, cloud.call(admin=True), project.id)
        return refusal.value.facts["by_kind"]

    network = create_networks(cloud.house, mine, (NetworkWish(name="n"),))[0].network.id
    assert refused() == "network"
    delete_network(cloud.house, mine, network)
    router = create_vpc(cloud.house, mine, VpcWish(name="r")).vpc.id
    assert refused() == "vpc"
    delete_vpc(cloud.house, mine, router)
    image = images.create(cloud.house, mine, Image(id=ImageId(cloud.chance.uuid()), project_id=project.id, name="i"))
    assert refused() == "image"
    images.delete(cloud.house, mine, image.id)
    people.delete_project(cloud.house, cloud.call(admin=True), project.id)


def test_groups_keys_and_charges_go_with_their_project(cloud: Cloud) -> None:
    project, mine = other(cloud)
    create_groups(cloud.house, mine, (GroupWish(name="g"),))
    access_keys.create(cloud.house, mine, mine.actor.user_id, project.id)
    people.delete_project(cloud.house, cloud.call(admin=True), project.id)
    own = Query(filters=(eq("project_id", project.id),))
    living = own.where(alive())
    assert cloud.store.read(lambda tx: tx.security_groups.find(living)) == []
    assert cloud.store.read(lambda tx: tx.security_rules.find(own)) == []
    assert cloud.store.read(lambda tx: tx.access_keys.find(own)) == []
    assert {c.used for c in cloud.store.read(lambda tx: tx.counters.under(f"project/{project.id}"))} == {0}


def test_an_account_is_told_to_those_who_are_shown_an_image_of_it(cloud: Cloud) -> None:
    project, theirs = other(cloud)
    both = (project.id, cloud.project)
    assert set(people.accounts(cloud.house, cloud.call(), both)) == {cloud.project}
    assert set(people.accounts(cloud.house, cloud.call(admin=True), both)) == set(both)
    wish = Image(id=ImageId(cloud.chance.uuid()), project_id=project.id, name="i", visibility="community")
    images.create(cloud.house, theirs, wish)
    assert set(people.accounts(cloud.house, cloud.call(), both)) == set(both)
