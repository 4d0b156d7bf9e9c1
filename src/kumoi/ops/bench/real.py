"""What needs a hypervisor: a cloud of this machine's own, and guests in it, one at a time."""

import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from kumoi.ops.bench.figures import Figure
from kumoi.ops.bench.tenant import COMPUTE, NETWORK, Tenant
from kumoi.ops.meter import FOREIGN
from kumoi.ops.trial import Trial, hosts_up, trial, until

Say = Callable[[str], None]
STARTS: Final = 3
GUESTS: Final = 3
SETTLE_S: Final = 60.0
IDLE_S: Final = 60.0
NAME: Final = "bench"
_SSH_PATIENCE_S: Final = 20.0


def measure(say: Say) -> tuple[dict[str, Figure], str]:
    """Figures and the accelerator's name."""
    ready = []
    for _ in range(STARTS - 1):
        with trial(say) as one:
            ready.append(one.ready_s)
    with trial(say) as cloud:
        ready.append(cloud.ready_s)
        found = {"up": Figure(values=tuple(ready), note="from an empty folder; packages and image are there")}
        hosts_up(cloud.caller(), 1)
        say("idle")
        found |= _idle(cloud)
        caller = cloud.caller()  # the former's connection was idle for too long
        kind = caller.get(f"{COMPUTE}/os-hypervisors/detail")["hypervisors"][0]["hypervisor_type"]
        tenant = Tenant(caller)
        found |= _guests(say, cloud, tenant)
    return found, {"KVM": "KVM", "QEMU": "TCG (emulated)"}.get(kind, kind)


def _idle(cloud: Trial) -> dict[str, Figure]:
    time.sleep(SETTLE_S)
    memory = cloud.meter.memory_mb()
    before = cloud.meter.cpu_ms()
    time.sleep(IDLE_S)
    share = (cloud.meter.cpu_ms() - before) / (IDLE_S * 1000) * 100
    own = sum(mb for name, mb in memory.items() if name not in FOREIGN)
    foreign = sum(mb for name, mb in memory.items() if name in FOREIGN)
    return {
        "memory": Figure(values=(own,), note=f"no guest; libvirtd has {foreign:.0f} MB more"),
        "idle": Figure(values=(share,), note=f"over {IDLE_S:.0f} s, libvirtd included, no guest"),
    }


def _guests(say: Say, cloud: Trial, tenant: Tenant) -> dict[str, Figure]:
    key = _key(cloud, tenant)
    private = tenant.caller.get(f"{NETWORK}/networks?name=private")["networks"][0]["id"]
    _open_ssh(tenant)
    active, answered = [], []
    for number in range(1 + GUESTS):
        say(f"guest {number}" if number else "a first guest, for the image's sake")
        began = time.monotonic()
        server = tenant.server(NAME, private, key_name=NAME)
        until(partial(_active, tenant, server), "server", every_s=0.02)
        active.append(time.monotonic() - began)
        until(partial(_answers, cloud, server, key), "ssh", every_s=0.1)
        answered.append(time.monotonic() - began)
        tenant.caller.must("DELETE", f"{COMPUTE}/servers/{server}", None)
        until(partial(_gone, tenant, server), "delete", every_s=0.1)
    return {
        "active": Figure(values=tuple(active[1:]), note=f"the first, whose image was not there: {active[0]:.2f} s"),
        "ssh": Figure(values=tuple(answered[1:]), note=f"a public image of 20 MB; the very first: {answered[0]:.2f} s"),
    }


def _active(tenant: Tenant, server: str) -> bool | None:
    found: dict[str, Any] = tenant.caller.get(f"{COMPUTE}/servers/{server}")["server"]
    assert found["status"] != "ERROR", found.get("fault")
    return True if found["status"] == "ACTIVE" else None


def _gone(tenant: Tenant, server: str) -> bool | None:
    status, _ = tenant.caller.ask("GET", f"{COMPUTE}/servers/{server}")
    return True if status == 404 else None


def _answers(cloud: Trial, server: str, key: Path) -> bool | None:
    try:
        done = cloud.command("ssh", "-i", str(key), server, "true", timeout_s=_SSH_PATIENCE_S)
    except subprocess.TimeoutExpired:
        return None
    return True if done.returncode == 0 else None


def _key(cloud: Trial, tenant: Tenant) -> Path:
    path = cloud.state.root.parent / "key"
    subprocess.run(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)), check=True)
    public = path.with_name("key.pub").read_text()
    tenant.caller.post(f"{COMPUTE}/os-keypairs", {"keypair": {"name": NAME, "public_key": public}})
    return path


def _open_ssh(tenant: Tenant) -> None:
    projects = tenant.caller.get("/identity/v3/auth/projects")["projects"]
    project = next(p["id"] for p in projects if p["name"] == "demo")
    groups = tenant.caller.get(f"{NETWORK}/security-groups?name=default")["security_groups"]
    group = next(g["id"] for g in groups if g["project_id"] == project)
    rule = {
        "security_group_id": group,
        "direction": "ingress",
        "protocol": "tcp",
        "port_range_min": 22,
        "port_range_max": 22,
    }
    tenant.caller.post(f"{NETWORK}/security-group-rules", {"security_group_rule": rule})
