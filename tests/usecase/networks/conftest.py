"""A cloud without hosts or guests: the doors over a real store, and Neutron's tongue as a client sees it."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.unit.api.edge.asgi_client import Answer, call

from kumoi.adapters.fake.chance import FakeChance
from kumoi.adapters.fake.clock import FakeClock
from kumoi.adapters.hints_local import LocalHints
from kumoi.adapters.sql.store import SqlStore, open_store
from kumoi.api.edge.app import Edge
from kumoi.api.edge.request import Request
from kumoi.api.openstack.catalog import Site
from kumoi.api.openstack.network import tongue
from kumoi.app.house import House
from kumoi.app.rooms import Rooms
from kumoi.app.writing import open_quota
from kumoi.contracts.store import Transaction
from kumoi.core.call import Actor, Call
from kumoi.core.errors import Unauthenticated
from kumoi.core.hosts import Capacity, Host
from kumoi.core.ids import HostId, ProjectId, UserId
from kumoi.core.tenancy import Project

PROJECTS = {"one": "1" * 32, "two": "2" * 32, "admin": "a" * 32}


def actor(name: str) -> Actor:
    roles = frozenset({"admin", "member", "reader"} if name == "admin" else {"member", "reader"})
    return Actor(
        user_id=UserId(name), user_name=name, project_id=ProjectId(PROJECTS[name]), project_name=name, roles=roles
    )


UNUSED = (
    "blobs", "backups", "inspector", "converter", "fetcher", "openid", "passwords", "vault", "tokens", "keys", "asks",
    "series",
)  # fmt: skip


class World:
    """The house, its clock, and calls in the name of `one`, `two` or `admin`."""

    def __init__(self, store: SqlStore) -> None:
        self.clock = FakeClock()
        self.house = House(
            store=store,
            hints=LocalHints(),
            clock=self.clock,
            chance=FakeChance(),
            rooms=Rooms(store),
            **dict.fromkeys(UNUSED),  # type: ignore[arg-type]
        )
        store.write(self._people)

    def call(self, name: str = "one") -> Call:
        return Call(actor=actor(name), request_id="req-test", now=self.clock.now())

    def add_host(self, name: str = "node-1", capabilities: tuple[str, ...] = ("router",)) -> HostId:
        """A host that is up."""
        host_id = HostId(self.house.chance.uuid())
        host = Host(
            id=host_id,
            name=name,
            capacity=Capacity(vcpus=8, memory_mib=8192, disk_gib=100),
            capabilities=capabilities,
            seen_at=self.clock.now(),
        )
        self.house.store.write(lambda tx: tx.hosts.insert(host))
        self.house.rooms.look(self.clock.now(), afresh=True)
        return host_id

    def _people(self, tx: Transaction) -> None:
        for number, (name, project_id) in enumerate(PROJECTS.items()):
            tx.projects.insert(Project(id=ProjectId(project_id), name=name, account=f"{number:012d}"))
            open_quota(tx, ProjectId(project_id))


class Neutron:
    """A client of the tongue; `who` calls."""

    def __init__(self, world: World, runner: asyncio.Runner) -> None:
        spoken = msgspec.structs.replace(tongue(world.house, Site()), authenticate=self._who)
        self.app = Edge([spoken], now=world.clock.now, new_id=world.house.chance.uuid)
        self._runner = runner

    @staticmethod
    def _who(request: Request) -> Actor:
        name = request.header("x-auth-token")
        if name not in PROJECTS:
            raise Unauthenticated("identity", reason="no_token")
        return actor(name)

    def ask(self, method: str, path: str, body: Any = None, who: str = "one", **headers: str) -> Answer:
        sent = [("x-auth-token", who), *((k.replace("_", "-"), v) for k, v in headers.items())]
        raw = None if body is None else msgspec.json.encode(body)
        return self._runner.run(call(self.app, method, f"/network/v2.0/{path}", sent, raw))

    def get(self, path: str, who: str = "one") -> Any:
        answer = self.ask("GET", path, who=who)
        assert answer.status == 200, answer.body
        return answer.json()

    def make(self, path: str, who: str = "one", /, **attributes: Any) -> Any:
        """Create one and answer it without its wrapping."""
        key = path.replace("-", "_").removesuffix("s")
        answer = self.ask("POST", path, {key: attributes}, who)
        assert answer.status == 201, answer.body
        return answer.json()[key]

    def change(self, path: str, who: str = "one", /, **attributes: Any) -> Any:
        key = path.split("/")[0].replace("-", "_").removesuffix("s")
        answer = self.ask("PUT", path, {key: attributes}, who)
        assert answer.status == 200, answer.body
        return answer.json()[key]

    def drop(self, path: str, who: str = "one") -> None:
        answer = self.ask("DELETE", path, who=who)
        assert answer.status == 204, answer.body

    def refused(self, method: str, path: str, body: Any = None, who: str = "one", **headers: str) -> tuple[int, str]:
        """Status and Neutron's exception name."""
        answer = self.ask(method, path, body, who, **headers)
        assert answer.status >= 400, answer.body
        return answer.status, answer.json()["NeutronError"]["type"]


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A database that this test alone has; races ask for both kinds."""
    return f"sqlite:///{tmp_path}/kumoi.db"


@pytest.fixture
def world(url: str) -> Iterator[World]:
    with closing(open_store(url)) as store:
        yield World(store)


@pytest.fixture
def neutron(world: World) -> Iterator[Neutron]:
    with asyncio.Runner() as runner:
        yield Neutron(world, runner)
