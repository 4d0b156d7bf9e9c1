"""What each of Nova's microversions shows and takes, over HTTP: one cloud, one server that was paused once."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.unit.api.edge.asgi_client import Answer, call
from tests.usecase.cloud import Cloud

from kumoi.api.edge.app import Edge
from kumoi.api.openstack.compute.versions import MOST
from kumoi.app.identity import tokens
from kumoi.app.identity.tokens import Scope, Who
from kumoi.app.instances import change, rest, run
from kumoi.app.instances.wish import RunWish
from kumoi.cmd.serve import tongues
from kumoi.core.ids import FlavorId
from kumoi.runtime.settings import load


class Nova:
    """A client of both users: the administrator and the project's member."""

    def __init__(self, folder: Path, runner: asyncio.Runner) -> None:
        self.cloud = cloud = Cloud(folder)
        self._runner = runner
        self.app = Edge(
            tongues(cloud.house, load(folder, {}), lambda: self.app.waiters),
            now=cloud.clock.now,
            new_id=cloud.chance.uuid,
        )
        cloud.settle()
        wish = RunWish(name="a", flavor_id=FlavorId("1"), image_id=cloud.image())
        self.id = run.run(cloud.house, cloud.call(), wish)[0].id
        cloud.settle()
        cloud.clock.advance(7200)
        cloud.settle()
        rest.pause(cloud.house, cloud.call(), self.id)
        cloud.settle()
        change.lock(cloud.house, cloud.call(), self.id, locked=True, reason="mine")
        scope = Scope(project_id=cloud.project)
        users = {name: Who(user_id=cloud.call(admin=name == "admin").actor.user_id) for name in ("admin", "demo")}
        self._tokens = {name: tokens.by_password(cloud.house, who, name[0], scope).token for name, who in users.items()}

    def ask(self, minor: int, method: str, path: str, body: object = None, user: str = "demo") -> Answer:
        headers = [("x-auth-token", self._tokens[user]), ("openstack-api-version", f"compute 2.{minor}")]
        sent = None if body is None else msgspec.json.encode(body)
        return self._runner.run(call(self.app, method, f"/compute/v2.1{path}", headers, sent))

    def get(self, minor: int, path: str, user: str = "demo") -> Any:
        answer = self.ask(minor, "GET", path, user=user)
        assert answer.status == 200, answer.body
        return msgspec.json.decode(answer.body)

    def server(self, minor: int) -> dict[str, Any]:
        found: dict[str, Any] = self.get(minor, f"/servers/{self.id}")["server"]
        return found


@pytest.fixture
def nova(tmp_path: Path) -> Iterator[Nova]:
    with asyncio.Runner() as runner:
        made = Nova(tmp_path, runner)
        yield made
        made.app.close()
        made.cloud.close()


def test_servers_grow_with_the_version(nova: Nova) -> None:
    before, after = nova.server(62), nova.server(74)
    assert after.keys() - before.keys() == {"trusted_image_certificates", "server_groups", "locked_reason"}
    assert (after["status"], after["locked"], after["locked_reason"]) == ("PAUSED", True, "mine")
    many = nova.get(74, "/servers/detail?locked=true")["servers"]
    assert [set(one) for one in many] == [after.keys() - {"server_groups"}]
    assert nova.get(74, "/servers/detail?locked=false")["servers"] == []
    assert nova.get(66, "/servers?changes-before=2000-01-01T00:00:00Z")["servers"] == []
    assert nova.ask(MOST[1] + 1, "GET", "/servers").status == 406


def test_tags_are_asked_for_in_four_ways(nova: Nova) -> None:
    cloud = nova.cloud
    wish = RunWish(name="b", flavor_id=FlavorId("1"), image_id=cloud.image(), os_tags=("red",))
    red = run.run(cloud.house, cloud.call(), wish)[0].id
    both = run.run(cloud.house, cloud.call(), msgspec.structs.replace(wish, os_tags=("red", "blue")))[0].id
    none = nova.id

    def found(query: str) -> set[str]:
        return {one["id"] for one in nova.get(26, f"/servers?{query}")["servers"]}

    assert found("tags=red,blue") == {both}
    assert found("tags-any=red,blue") == {red, both}
    assert found("not-tags=red,blue") == {red, none}
    assert found("not-tags-any=red,blue") == {none}
    assert found("tags-any=green") == set()
    assert found("tags-any=red&not-tags=blue") == {red}


def test_flavors_have_descriptions_and_then_their_specs(nova: Nova) -> None:
    assert nova.ask(54, "PUT", "/flavors/1", {"flavor": {"description": "small"}}, "admin").status == 404
    changed = nova.ask(55, "PUT", "/flavors/1", {"flavor": {"description": "small"}}, "admin")
    assert msgspec.json.decode(changed.body)["flavor"]["description"] == "small"
    shown = [nova.get(minor, "/flavors/1")["flavor"] for minor in (54, 55, 61)]
    assert ["description" in one for one in shown] == [False, True, True]
    assert ["extra_specs" in one for one in shown] == [False, False, True]
    assert nova.ask(55, "PUT", "/flavors/1", {"flavor": {"description": "mine"}}).status == 403


def test_actions_are_paged_and_name_their_host_to_administrators(nova: Nova) -> None:
    path = f"/servers/{nova.id}/os-instance-actions"
    every = nova.get(58, path)["instanceActions"]
    assert [one["action"] for one in every] == ["lock", "pause", "create"]
    page = nova.get(58, f"{path}?limit=1")
    assert ([one["action"] for one in page["instanceActions"]], len(page["links"])) == (["lock"], 1)
    assert nova.get(66, f"{path}?changes-before=2000-01-01T00:00:00Z")["instanceActions"] == []
    assert "updated_at" not in nova.get(57, path)["instanceActions"][0]
    one = f"{path}/{every[1]['request_id']}"
    own, admins = (nova.get(62, one, user)["instanceAction"]["events"][0] for user in ("demo", "admin"))
    assert "host" not in own
    assert admins["host"] == "one"


def test_injected_files_are_no_more(nova: Nova) -> None:
    sets = f"/os-quota-sets/{nova.cloud.project}"
    assert "injected_files" in nova.get(56, sets)["quota_set"]
    assert "injected_files" not in nova.get(57, sets)["quota_set"]
    limits = [nova.get(minor, "/limits")["limits"]["absolute"] for minor in (35, 36, 57)]
    assert ["maxSecurityGroups" in one for one in limits] == [True, False, False]
    assert ["maxPersonality" in one for one in limits] == [True, True, False]


def test_usage_is_counted_in_hours(nova: Nova) -> None:
    path = f"/os-simple-tenant-usage/{nova.cloud.project}"
    told = nova.get(1, f"{path}?start=2000-01-01T00:00:00&end=2999-01-01T00:00:00")["tenant_usage"]
    assert round(told["total_hours"], 1) == 2.0
    assert round(told["total_memory_mb_usage"]) == round(told["total_hours"] * 128)
    assert [one["state"] for one in told["server_usages"]] == ["paused"]
    assert nova.ask(1, "GET", "/os-simple-tenant-usage").status == 403
    assert nova.ask(1, "GET", f"{path}?start=2020-01-02T00:00:00&end=2020-01-01T00:00:00").status == 400
    assert len(nova.get(1, "/os-simple-tenant-usage?start=2000-01-01", "admin")["tenant_usages"]) == 1


def test_actions_of_rest_and_form_answer_as_novas(nova: Nova) -> None:
    action = f"/servers/{nova.id}/action"
    assert nova.ask(74, "POST", action, {"unlock": None}).status == 202
    assert nova.ask(74, "POST", action, {"pause": None}).status == 409
    assert nova.ask(74, "POST", action, {"unpause": None}).status == 202
    nova.cloud.settle()
    assert msgspec.json.decode(nova.ask(74, "POST", action, {"rescue": {}}).body).keys() == {"adminPass"}
    nova.cloud.settle(90)
    assert nova.server(74)["status"] == "RESCUE"
    assert nova.ask(74, "POST", action, {"unrescue": None}).status == 202
    nova.cloud.settle(90)
    image = nova.server(74)["image"]["id"]
    rebuilt = nova.ask(74, "POST", action, {"rebuild": {"imageRef": image, "OS-DCF:diskConfig": "AUTO"}})
    assert rebuilt.status == 202
    shown = msgspec.json.decode(rebuilt.body)["server"]
    assert (shown["OS-DCF:diskConfig"], "key_name" in shown, "user_data" in shown) == ("AUTO", True, True)
    assert all(one.keys() == {"version", "addr"} for those in shown["addresses"].values() for one in those)
    nova.cloud.settle(90)
    assert nova.ask(74, "POST", action, {"resize": {"flavorRef": "2"}}).status == 202
    nova.cloud.settle(90)
    assert nova.server(74)["status"] == "VERIFY_RESIZE"
    assert nova.ask(74, "POST", action, {"confirmResize": None}).status == 204
    assert nova.ask(74, "POST", action, {"shelve": None}).status == 202
    nova.cloud.settle(90)
    assert nova.server(74)["status"] == "SHELVED_OFFLOADED"
    assert nova.ask(74, "POST", action, {"shelveOffload": None}).status == 403
    assert nova.ask(74, "POST", action, {"unshelve": None}).status == 202
    nova.cloud.settle(90)
    assert nova.server(74)["status"] == "ACTIVE"


def test_images_and_backups_are_answered_by_a_place_and_since_2_45_by_their_id(nova: Nova) -> None:
    path, sent = f"/servers/{nova.id}/action", {"createImage": {"name": "i"}}
    elder = nova.ask(44, "POST", path, sent, user="admin")
    assert elder.status == 202
    assert not elder.body
    place = elder.header("Location") or ""
    assert nova.ask(45, "POST", path, sent, user="admin").status == 409  # one at a time
    nova.cloud.settle()
    newer = nova.ask(45, "POST", path, sent, user="admin")
    assert newer.status == 202
    assert newer.header("Location") is None
    ids = {place.rpartition("/")[2], msgspec.json.decode(newer.body)["image_id"]}
    assert {i["id"] for i in nova.get(1, f"/images?server={nova.id}")["images"]} == ids
    nova.cloud.settle()
    backup = {"createBackup": {"name": "b", "backup_type": "daily", "rotation": 1}}
    assert "image_id" in msgspec.json.decode(nova.ask(45, "POST", path, backup, user="admin").body)
    nova.cloud.settle()
    backup["createBackup"]["rotation"] = 0
    unkept = nova.ask(45, "POST", path, backup, user="admin")
    assert (unkept.status, unkept.body) == (202, b"")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"createImage": {}}, 400),
        ({"createImage": {"name": ""}}, 400),
        ({"createImage": {"name": "x" * 256}}, 400),
        ({"createImage": {"name": "x", "metadata": {"": "y"}}}, 400),
        ({"createImage": {"name": "x", "metadata": {"k": "y" * 256}}}, 400),
        ({"createBackup": {"name": "x", "backup_type": "daily"}}, 400),
        ({"createBackup": {"name": "x", "backup_type": "daily", "rotation": -1}}, 400),
        ({"createBackup": {"name": "x", "backup_type": "", "rotation": 1}}, 400),
        ({"createImage": {"name": "x"}}, 409),
    ],
)
def test_images_that_are_not_made(nova: Nova, sent: dict[str, Any], status: int) -> None:
    """The last one is locked for its project's members."""
    assert nova.ask(45, "POST", f"/servers/{nova.id}/action", sent).status == status
