"""Who keeps volumes: services, hosts and pools as an administrator of Cinder sees them."""

from typing import Any

import pytest
from tests.usecase.cinder import Cinder

from kumoi.core.hosts import Host
from kumoi.core.query import Query
from kumoi.core.storage_pools import StoragePool, pool_id


@pytest.fixture
def host(cinder: Cinder) -> Host:
    """One that is up and offers a pool of 10 GiB."""
    cinder.cloud.settle()

    def offered(tx: Any) -> Host:
        (found,) = tx.hosts.find(Query())
        pool = pool_id(found.id, "fast")
        tx.storage_pools.insert(
            StoragePool(id=pool, host_id=found.id, name="fast", driver="files", total_gib=10, capabilities=("thin",))
        )
        return found  # type: ignore[no-any-return]

    return cinder.cloud.store.write(offered)


def test_pools_tell_their_room_and_what_may_be_asked_of_them(cinder: Cinder, host: Host) -> None:
    name = f"{host.name}@fast#fast"
    assert {"name": name} in cinder.get("/scheduler-stats/get_pools", "admin")["pools"]
    (shown,) = cinder.get("/scheduler-stats/get_pools?detail=True&volume_backend_name=fast", "admin")["pools"]
    told = shown["capabilities"]
    assert (told["total_capacity_gb"], told["free_capacity_gb"], told["thin"]) == (10, 10, True)
    said = cinder.get(f"/capabilities/{host.name}@fast", "admin")
    assert {k: said[k] for k in ("vendor_name", "storage_protocol")} == {
        k: told[k] for k in ("vendor_name", "storage_protocol")
    }
    assert list(said["properties"]) == ["thin"]
    cinder.do("GET", "/capabilities/nowhere", status=404)
    cinder.do("GET", "/scheduler-stats/get_pools", status=403, who="demo")


def test_a_service_is_switched_off_and_on(cinder: Cinder, host: Host) -> None:
    name = f"{host.name}@fast"
    body = {"host": name, "binary": "cinder-volume", "disabled_reason": "repair"}
    assert cinder.do("PUT", "/os-services/disable-log-reason", body)["disabled_reason"] == "repair"
    (shown,) = (s for s in cinder.get("/os-services", "admin")["services"] if s["host"] == name)
    assert (shown["binary"], shown["status"], shown["disabled_reason"]) == ("cinder-volume", "disabled", "repair")
    cinder.do("PUT", "/os-services/enable", body)
    services = cinder.get(f"/os-services?host={host.name}&binary=cinder-volume", "admin")["services"]
    assert {s["status"] for s in services} == {"enabled"}
    for wrong, status in (({"host": "none"}, 404), ({"binary": "none"}, 404)):
        cinder.do("PUT", "/os-services/enable", {**body, **wrong}, status)
    cinder.do("PUT", "/os-services/disable-log-reason", {**body, "disabled_reason": None}, 400)
    cinder.do("PUT", "/os-services/disable", {"host": "control", "binary": "cinder-scheduler"}, 501)
    cinder.do("PUT", "/os-services/freeze", {"host": "none"}, 400)


def test_hosts_tell_what_they_keep(cinder: Cinder, host: Host) -> None:
    listed = {one["host_name"]: one for one in cinder.get("/os-hosts", "admin")["hosts"]}
    assert {f"{host.name}@fast", "control"} <= set(listed)
    assert listed[f"{host.name}@fast"]["service-status"] == "available"
    (total,) = cinder.get(f"/os-hosts/{host.name}@fast", "admin")["host"]
    assert total["resource"]["volume_count"] == "0"
    cinder.do("GET", "/os-hosts/none", status=404)


def test_there_are_no_clusters(cinder: Cinder) -> None:
    assert cinder.get("/clusters", "admin") == {"clusters": []}
    cinder.do("GET", "/clusters/a", status=404)
    cinder.do("GET", "/clusters", status=403, who="demo")
    assert cinder.do("POST", "/workers/cleanup", {}, 202) == {"cleaning": [], "unavailable": []}
