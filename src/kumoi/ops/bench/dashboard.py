"""The dashboard: what its pages cost the server, with few instances and with many, and how big their scripts are."""

import gzip
import http.client
import re
from collections.abc import Callable
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from kumoi.core.errors import Unavailable
from kumoi.ops.bench.figures import Figure
from kumoi.ops.bench.simulated import cost
from kumoi.ops.bench.tenant import COMPUTE, Tenant
from kumoi.ops.credentials import Passwords
from kumoi.ops.trial import Trial, hosts_up, trial

Say = Callable[[str], None]
PAGES: Final = (
    "/", "/instances", "/launch", "/images", "/keypairs", "/topology", "/networks", "/routers", "/security-groups",
    "/floating-ips", "/api-access", "/account", "/admin/hosts", "/admin/instances", "/admin/projects", "/admin/users",
    "/admin/flavors", "/admin/machinery", "/admin/events",
)  # fmt: skip
FEW: Final = 10
MANY: Final = 10_000
HOSTS: Final = 64  # such that many fit
AT_ONCE: Final = 100
LOOKS: Final = 10
_TIMEOUT_S: Final = 120.0
_SCRIPT: Final = re.compile(r'<script[^>]* src="([^"]+)"')
_IMPORT: Final = re.compile(r'(?:import|from) "\./([^"]+)"')


def measure(say: Say, many: int = MANY) -> dict[str, Figure]:
    """CPU time of the whole cloud for each page, hosts' heartbeats included."""
    with trial(say, "--simulate", "--hosts", str(HOSTS)) as cloud:
        caller = cloud.caller()
        hosts_up(caller, HOSTS)
        tenant = Tenant(caller)
        tenant.lift_limits()
        network = tenant.network("pages", "10.64.0.0/16")
        _launch(tenant, network, FEW)
        say("pages")
        found = {"page": _pages(cloud), "scripts": _scripts(Visitor(cloud))}
        say(f"{many} instances")
        _launch(tenant, network, many - FEW)
        say("pages again")
        return found | {"full_page": _pages(cloud)}


class Visitor:
    """A browser of the administrator, signed in."""

    def __init__(self, cloud: Trial) -> None:
        self._connection = cloud.caller().reach.connection(_TIMEOUT_S)
        passwords = msgspec.json.decode((cloud.state.root / "keys/first-passwords.json").read_bytes(), type=Passwords)
        body = urlencode({"user": "admin", "password": passwords.admin})
        self._connection.request("POST", "/sign-in", body, {"content-type": "application/x-www-form-urlencoded"})
        answer = self._connection.getresponse()
        answer.read()
        self._cookie = (answer.getheader("set-cookie") or "").partition(";")[0]

    def get(self, path: str) -> bytes:
        headers = {"cookie": self._cookie, "accept": "text/html", "accept-encoding": "gzip"}
        self._connection.request("GET", path, headers=headers)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != http.HTTPStatus.OK:
            raise Unavailable("api", what="page", reason=str(answer.status), path=path)
        return body

    def read(self, path: str) -> str:
        """What came, unpacked."""
        body = self.get(path)
        return (gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body).decode()


def _launch(tenant: Tenant, network: str, count: int) -> None:
    for begin in range(0, count, AT_ONCE):
        wish: dict[str, Any] = tenant.server_wish("page", network, min_count=min(AT_ONCE, count - begin))
        tenant.caller.must("POST", f"{COMPUTE}/servers", wish)
    tenant.all_active()


def _pages(cloud: Trial) -> Figure:
    """One value for each page."""
    visitor = Visitor(cloud)
    costs = {path: cost(cloud, LOOKS, partial(_look, visitor, path)) for path in PAGES}
    worst = max(PAGES, key=lambda path: costs[path])
    return Figure(values=tuple(costs.values()), note=f"the dearest of {len(PAGES)}: {worst} with {costs[worst]:.0f} ms")


def _look(visitor: Visitor, path: str) -> None:
    for _ in range(LOOKS):
        visitor.get(path)


def _scripts(visitor: Visitor) -> Figure:
    """All that the first page loads, and what that imports, packed."""
    waiting, sizes = _SCRIPT.findall(visitor.read("/")), dict[str, int]()
    while waiting:
        path = waiting.pop()
        if path not in sizes:
            sizes[path] = len(visitor.get(path))
            folder = path.rpartition("/")[0]
            waiting += [f"{folder}/{name}" for name in _IMPORT.findall(visitor.read(path))]
    return Figure(values=(sum(sizes.values()) / 1000,), note=f"{len(sizes)} files; consoles and charts bring their own")
