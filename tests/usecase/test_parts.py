"""A cloud without some of its parts: the catalog, every dialect and the dashboard show that they are gone."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.unit.api.edge.asgi_client import Answer, call
from tests.usecase.test_web import Browser

from kumoi.api.aws.ec2 import tongue as ec2
from kumoi.api.edge.app import Edge
from kumoi.app.identity import tokens
from kumoi.app.identity.tokens import Scope, Who
from kumoi.app.volumes import create
from kumoi.cmd.serve import tongues
from kumoi.core.errors import Unsupported
from kumoi.core.parts import PARTS, Off
from kumoi.core.policy import ACTIONS
from kumoi.runtime.settings import Parts, load

Make = Callable[..., "Reduced"]


class Reduced(Browser):
    """A browser, and an administrator's program, at a cloud without these parts."""

    def __init__(self, folder: Path, runner: asyncio.Runner, *off: str) -> None:
        super().__init__(folder, runner)
        rules = replace(self.cloud.house.rules, off=Off(frozenset(off)))
        self.house = replace(self.cloud.house, rules=rules)
        self.app.close()
        spoken = tongues(self.house, load(folder, {}), lambda: self.app.waiters)
        self.app = Edge(spoken, now=self.cloud.clock.now, new_id=self.cloud.chance.uuid)
        admin = Who(user_id=self.cloud.call(admin=True).actor.user_id)
        self._token = tokens.by_password(self.house, admin, "a", Scope(project_id=self.cloud.project)).token

    def program(self, path: str) -> Answer:
        return self.runner.run(call(self.app, "GET", path, [("x-auth-token", self._token)]))

    def types(self) -> set[str]:
        shown: Any = self.program("/identity/v3/services").json()
        return {service["type"] for service in shown["services"]}


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[Reduced] = []
    with asyncio.Runner() as runner:

        def of(*off: str) -> Reduced:
            made.append(Reduced(tmp_path, runner, *off))
            return made[-1]

        yield of
        for one in made:
            one.close()


def test_without_volumes(make: Make) -> None:
    cloud = make("volumes")
    assert not {"volumev3", "block-storage"} & cloud.types()
    refused = cloud.program("/volume/v3/volumes")
    assert (refused.status, refused.header("x-openstack-request-id") is not None) == (404, True)
    servers = cloud.program("/compute/v2.1/servers").json()
    assert servers == {"servers": []}
    nobody = "00000000-0000-4000-8000-000000000000"
    assert "Nothing is served" in str(cloud.program(f"/compute/v2.1/servers/{nobody}/os-volume_attachments").json())
    names = {action.name for action in ec2.offered(cloud.house)}
    assert (names & {"DescribeVolumes", "AttachVolume", "CreateSnapshot"}, "RunInstances" in names) == (set(), True)
    with pytest.raises(Unsupported):
        create.create(cloud.house, cloud.cloud.call(), create.VolumeWish(size_gib=1))
    cloud.sign_in()
    page = cloud.ask("GET", "/").body.decode()
    assert ('href="/volumes"' in page, 'href="/instances"' in page) == (False, True)
    assert cloud.ask("GET", "/volumes").status == 404


def test_without_a_dialect(make: Make) -> None:
    cloud = make("ec2", "placement", "dashboard")
    assert cloud.types() == {"identity", "compute", "image", "network", "volumev3", "block-storage"}
    assert cloud.program("/placement/resource_providers").json()["errors"][0]["status"] == 404
    assert b"<Error" in cloud.program("/ec2/?Action=DescribeRegions").body
    assert [cloud.ask("GET", path).status for path in ("/", "/sign-in", "/identity/v3")] == [404, 404, 200]


def test_every_part_is_a_setting_and_names_what_there_is() -> None:
    assert Parts.__struct_fields__ == tuple(PARTS)
    assert Parts(volumes=False, ec2=False).off == {"volumes", "ec2"}
    nouns = {action.partition(".")[0] for action in ACTIONS}
    assert {noun for part in PARTS.values() for noun in part.nouns} <= nouns
    assert {noun for noun in nouns if noun.startswith(("volume", "backup"))} <= PARTS["volumes"].nouns
