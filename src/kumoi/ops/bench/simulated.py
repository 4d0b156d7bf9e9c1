"""What can be measured without a hypervisor: the doors, the loops and the link, on one host and on a thousand."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any, Final

import msgspec

from kumoi.ops.bench.figures import Figure
from kumoi.ops.bench.tenant import COMPUTE, Tenant
from kumoi.ops.caller import Caller
from kumoi.ops.serial_line import line
from kumoi.ops.trial import Trial, hosts_up, trial, until

Say = Callable[[str], None]
CLIENTS: Final = 8
BATCHES: Final = 5
TOKENS: Final = 400
PORTS: Final = 50
LISTS: Final = 10
FAN_OUTS: Final = 15
KEYS: Final = 300
PATIENCE_S: Final = 60.0
QUIET_S: Final = 2.0  # two of the shared sections' turns, and what hosts answer


class Size(msgspec.Struct, frozen=True, kw_only=True):
    hosts: int = 1000
    servers: int = 1000


def measure(say: Say, size: Size) -> dict[str, Figure]:
    """Two clouds, one after the other: one of a single host, one of many."""
    with trial(say, "--simulate") as small:
        found = _one_host(say, small)
    with trial(say, "--simulate", "--hosts", str(size.hosts)) as wide:
        return found | _many_hosts(say, wide, size)


def cost(trial: Trial, count: int, work: Callable[[], None], settle_s: float = 0.0) -> float:
    """CPU ms of the whole cloud for each of the `count` operations of `work`; whatever else it does is counted too."""
    before = trial.meter.cpu_ms()
    work()
    time.sleep(settle_s)
    return (trial.meter.cpu_ms() - before) / count


def _one_host(say: Say, small: Trial) -> dict[str, Figure]:
    caller = small.caller()
    hosts_up(caller, 1)
    tenant = Tenant(caller)
    tenant.lift_limits()
    say("tokens")

    def tokens() -> None:
        for _ in range(TOKENS):
            caller.get("/identity/v3/auth/tokens?nocatalog=1", X_Subject_Token=caller.token)

    tokens()  # warm
    found = {"token": Figure(values=tuple(cost(small, TOKENS, tokens) for _ in range(BATCHES)))}
    say("ports on one host")
    network = tenant.network("narrow", "10.80.0.0/16")
    tenant.server("narrow", network)
    tenant.all_active()
    found["port"] = _ports(small, tenant, network)
    say("keys on a serial console")
    found["echo"] = _echo(caller, tenant, network)
    return found


def _echo(caller: Caller, tenant: Tenant, network: str) -> Figure:
    """Client, serve, link, agent, guest and back. A simulated guest echoes at once."""
    server = tenant.server("typed", network)
    tenant.all_active()
    wish = {"os-getSerialConsole": {"type": "serial"}}
    link = until(partial(_link, caller, f"{COMPUTE}/servers/{server}/action", wish), "console")
    waits = []
    with line(caller.reach, link) as console:
        console.send(b"\r")
        while b"login: " not in console.recv(PATIENCE_S):
            pass
        for _ in range(KEYS):
            sent = time.perf_counter()
            console.send(b"x")
            console.recv(PATIENCE_S)
            waits.append((time.perf_counter() - sent) * 1000)
    waits.sort()
    return Figure(values=tuple(waits), note=f"simulated guest; 99 of 100 within {waits[KEYS * 99 // 100]:.1f} ms")


def _link(caller: Caller, path: str, wish: dict[str, Any]) -> str | None:
    status, answer = caller.ask("POST", path, wish)
    return str(msgspec.json.decode(answer)["console"]["url"]) if status == HTTPStatus.OK else None


def _ports(trial: Trial, tenant: Tenant, network: str) -> Figure:
    """One after the other by one client, until hosts and control are done with them."""

    def ports() -> None:
        for _ in range(PORTS):
            tenant.port(network)

    return Figure(values=tuple(cost(trial, PORTS, ports, QUIET_S) for _ in range(BATCHES)))


def _many_hosts(say: Say, wide: Trial, size: Size) -> dict[str, Figure]:
    caller = wide.caller()
    hosts = hosts_up(caller, size.hosts)
    found = {
        "sim_up": Figure(values=(wide.ready_s,)),
        "sim_hosts": Figure(values=(time.monotonic() - wide.began,)),
    }
    tenant = Tenant(caller)
    tenant.lift_limits()
    network = tenant.network("wide", "10.81.0.0/16")
    say(f"burst of {size.servers} servers")
    found |= _burst(wide, tenant, network, size.servers)
    say("lists")
    found["detail"] = _lists(wide, caller, size.servers)
    say("spreading the network")
    _spread(tenant, network, hosts)
    found["wide_port"] = _ports(wide, tenant, network)
    say("fan-out")
    return found | _fan_out(wide, tenant, network, size.hosts)


def _burst(wide: Trial, tenant: Tenant, network: str, count: int) -> dict[str, Figure]:
    refused: Counter[int] = Counter()
    callers = [wide.caller() for _ in range(CLIENTS)]

    def post(number: int, caller: Caller) -> None:
        for n in range(number, count, CLIENTS):
            status, _ = caller.ask("POST", f"{COMPUTE}/servers", tenant.server_wish(f"burst-{n}", network))
            if status != 202:
                refused[status] += 1

    began, before = time.monotonic(), wide.meter.cpu_ms()
    threads = [threading.Thread(target=post, args=pair) for pair in enumerate(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    posted = time.monotonic() - began
    tenant.all_active()
    wall, cpu = time.monotonic() - began, wide.meter.cpu_ms() - before
    errors = sum(refused.values()) + tenant.failed()
    return {
        "burst_errors": Figure(values=(float(errors),)),
        "burst": Figure(values=(cpu / count,), note=f"{CLIENTS} clients; all simulated hosts included"),
        "burst_wall": Figure(values=(wall,), note=f"all were answered after {posted:.1f} s"),
    }


def _lists(wide: Trial, caller: Caller, count: int) -> Figure:
    path = f"{COMPUTE}/servers/detail?limit=1000"
    got = len(caller.get(path)["servers"])
    assert got == min(count, 1000), f"the list has {got} servers"
    return Figure(values=tuple(cost(wide, 1, lambda: _discard(caller.ask("GET", path))) for _ in range(LISTS)))


def _discard(_answer: object) -> None:
    """An answer that is not looked at costs the client nothing."""


def _spread(tenant: Tenant, network: str, hosts: list[str]) -> None:
    """A server of the network on every host that has none."""
    servers: list[dict[str, Any]] = []
    marker = ""
    while page := tenant.caller.get(f"{COMPUTE}/servers/detail?limit=1000{marker}")["servers"]:
        servers += page
        marker = f"&marker={page[-1]['id']}"
    taken = {server["OS-EXT-SRV-ATTR:host"] for server in servers}
    for host in hosts:
        if host not in taken:
            tenant.server(f"on-{host}", network, availability_zone=f"nova:{host}")
    tenant.all_active()


def _fan_out(wide: Trial, tenant: Tenant, network: str, hosts: int) -> dict[str, Figure]:
    """From the request until the last host asks for what is newer: a little later than when it has it."""

    def look() -> dict[str, Any]:
        return dict(tenant.caller.get(f"/operator/v1/sections/network/{network}")["section"])

    def reached() -> float | None:
        section = look()
        return float(section["reached_at"]) if section["holding"] == hosts and not section["behind"] else None

    def serial() -> int:
        return int(look()["serial"])

    def stamped(was: int) -> bool | None:
        return True if serial() > was else None

    waits, costs = [], []
    for _ in range(FAN_OUTS):
        until(reached, "quiet")
        time.sleep(QUIET_S)
        was, cpu, sent = serial(), wide.meter.cpu_ms(), time.time()
        tenant.port(network)
        until(partial(stamped, was), "stamp", every_s=0.01)
        at = until(reached, "hosts", every_s=0.02)
        time.sleep(QUIET_S)
        waits.append((at - sent) * 1000)
        costs.append(wide.meter.cpu_ms() - cpu)
    return {
        "fan_out": Figure(values=tuple(waits), note="from the client's POST until every host asks for what is newer"),
        "fan_out_cpu": Figure(values=tuple(costs), note=f"{hosts} hosts' own heartbeats in {QUIET_S:.0f} s included"),
    }
