"""Nova's consoles by microversion: what is offered, what is refused and how, and where a token leads."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec
import pytest
from tests.unit.api.edge.asgi_client import call
from tests.usecase.cloud import Cloud

from kumoi.api.edge.app import Edge
from kumoi.api.openstack.catalog import Site
from kumoi.api.openstack.compute.tongue import tongue
from kumoi.app.instances import run
from kumoi.app.instances.consoles import use_console_token
from kumoi.app.instances.wish import RunWish
from kumoi.core.ids import FlavorId

NOBODY = "00000000-0000-4000-8000-000000000000"


class Nova:
    def __init__(self, folder: Path) -> None:
        self.cloud = Cloud(folder)
        self.cloud.settle()
        wish = RunWish(name="web", flavor_id=FlavorId("1"), image_id=self.cloud.image())
        self.server = run.run(self.cloud.house, self.cloud.call(), wish)[0].id
        self.admin = False
        spoken = msgspec.structs.replace(
            tongue(self.cloud.house, Site(public_url="https://cloud.example")),
            authenticate=lambda _: self.cloud.call(admin=self.admin).actor,
        )
        self._edge = Edge([spoken], now=self.cloud.clock.now, new_id=self.cloud.chance.uuid)

    def ask(self, method: str, path: str, body: Any = None, version: str = "2.53") -> tuple[int, Any]:
        raw = None if body is None else msgspec.json.encode(body)
        headers = [("openstack-api-version", f"compute {version}")]
        answer = asyncio.run(self._ask(method, f"/compute/v2.1{path}", headers, raw))
        return answer.status, answer.json()

    async def _ask(self, *words: Any) -> Any:
        try:
            return await call(self._edge, *words)
        finally:
            self._edge.close()

    def remote(self, protocol: str, kind: str, version: str = "2.53", server: str = "") -> tuple[int, Any]:
        wanted = {"remote_console": {"protocol": protocol, "type": kind}}
        return self.ask("POST", f"/servers/{server or self.server}/remote-consoles", wanted, version)

    def action(self, name: str, kind: str, version: str = "2.1") -> tuple[int, Any]:
        return self.ask("POST", f"/servers/{self.server}/action", {name: {"type": kind}}, version)


@pytest.fixture
def nova(tmp_path: Path) -> Iterator[Nova]:
    nova = Nova(tmp_path)
    yield nova
    nova.cloud.close()


def token_of(url: str, kind: str) -> str:
    if kind == "vnc":  # as noVNC's own page: where the websocket is, says `path`
        page, _, path = url.partition("?path=")
        assert page == "https://cloud.example/vnc_auto.html"
        url = f"https://cloud.example/{unquote(path)}"
    head = f"https://cloud.example/console/{kind}?token="
    assert url.startswith(head)
    return url.removeprefix(head)


def test_a_link_and_what_its_token_is_good_for(nova: Nova) -> None:
    nova.cloud.settle()
    for protocol, kind, console in (("vnc", "novnc", "vnc"), ("serial", "serial", "serial")):
        status, body = nova.remote(protocol, kind, "2.6")
        assert status == 200
        answer = body["remote_console"]
        assert (answer["protocol"], answer["type"]) == (protocol, kind)
        opened = use_console_token(nova.cloud.house, token_of(answer["url"], console), console, nova.cloud.clock.now())
        assert opened.instance.id == nova.server
        opened.stream.cancel()


@pytest.mark.parametrize(
    ("protocol", "kind", "version", "status"),
    [
        ("vnc", "xvpvnc", "2.6", 400),
        ("spice", "spice-html5", "2.6", 400),
        ("rdp", "rdp-html5", "2.6", 400),
        ("vnc", "serial", "2.6", 400),
        ("mks", "webmks", "2.8", 400),
        ("mks", "webmks", "2.7", 400),
        ("vnc", "nonsense", "2.6", 400),
        ("vnc", "novnc", "2.5", 404),
    ],
)
def test_what_is_not_offered(nova: Nova, protocol: str, kind: str, version: str, status: int) -> None:
    nova.cloud.settle()
    assert nova.remote(protocol, kind, version)[0] == status


def test_kinds_are_refused_by_the_cloud_and_words_by_the_schema(nova: Nova) -> None:
    nova.cloud.settle()
    assert "Unavailable console type webmks" in nova.remote("mks", "webmks", "2.8")[1]["badRequest"]["message"]
    assert "Unavailable" not in nova.remote("mks", "webmks", "2.7")[1]["badRequest"]["message"]


def test_the_older_actions_are_there_until_2_5(nova: Nova) -> None:
    nova.cloud.settle()
    for name, kind, console in (("os-getVNCConsole", "novnc", "vnc"), ("os-getSerialConsole", "serial", "serial")):
        status, body = nova.action(name, kind, "2.5")
        assert (status, body["console"]["type"]) == (200, kind)
        assert token_of(body["console"]["url"], console)
        assert nova.action(name, kind, "2.6")[0] == 404
    assert nova.action("os-getSPICEConsole", "spice-html5")[0] == 400
    assert nova.action("os-getRDPConsole", "rdp-html5")[0] == 400
    assert nova.action("os-getVNCConsole", "nonsense")[0] == 400


def test_what_is_not_there_and_what_does_not_run(nova: Nova) -> None:
    assert nova.remote("vnc", "novnc", server=NOBODY)[0] == 404
    assert nova.remote("spice", "spice-html5", server=NOBODY)[0] == 404
    assert nova.remote("vnc", "novnc")[0] == 409  # it is still being built


def test_administrators_see_where_a_token_leads(nova: Nova) -> None:
    nova.cloud.settle()
    token = token_of(nova.remote("vnc", "novnc")[1]["remote_console"]["url"], "vnc")
    assert nova.ask("GET", f"/os-console-auth-tokens/{token}")[0] == 403
    nova.admin = True
    status, body = nova.ask("GET", f"/os-console-auth-tokens/{token}", version="2.31")
    assert (status, body["console"]) == (
        200,
        {"instance_uuid": nova.server, "host": "one", "port": None, "internal_access_path": "/console/vnc"},
    )
    assert nova.ask("GET", f"/os-console-auth-tokens/{token}", version="2.30")[0] == 401
    assert nova.ask("GET", "/os-console-auth-tokens/nonsense")[0] == 404
