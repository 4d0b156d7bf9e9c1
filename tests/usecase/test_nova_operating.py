"""What operators ask of Nova, over HTTP: marks of error, events from outside, resizes, defaults of quotas."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.usecase.test_nova_versions import Nova

from kumoi.app.instances import change, rest
from kumoi.core.query import Query

NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def nova(tmp_path: Path) -> Iterator[Nova]:
    with asyncio.Runner() as runner:
        made = Nova(tmp_path, runner)
        change.lock(made.cloud.house, made.cloud.call(), made.id, locked=False)
        rest.unpause(made.cloud.house, made.cloud.call(), made.id)
        made.cloud.settle()
        yield made
        made.app.close()
        made.cloud.close()


def act(nova: Nova, body: dict[str, Any], user: str = "admin") -> int:
    return nova.ask(74, "POST", f"/servers/{nova.id}/action", body, user).status


def test_an_operator_marks_an_error_and_whoever_acts_takes_it_away(nova: Nova) -> None:
    running = nova.cloud.world.machines.keys()
    assert act(nova, {"os-resetState": {"state": "error"}}, "demo") == 403
    assert act(nova, {"os-resetState": {"state": "error"}}) == 202
    nova.cloud.settle()
    shown = nova.server(74)
    assert (shown["status"], shown["fault"]["code"]) == ("ERROR", 500)
    assert nova.cloud.world.machines.keys() == running
    assert act(nova, {"pause": None}, "demo") == 409
    assert act(nova, {"os-resetState": {"state": "active"}}) == 202
    assert nova.server(74)["status"] == "ACTIVE"
    act(nova, {"os-resetState": {"state": "error"}})
    assert act(nova, {"rebuild": {"imageRef": nova.server(74)["image"]["id"]}}, "demo") == 202
    nova.cloud.settle(90)
    assert nova.server(74)["status"] == "ACTIVE"


def test_events_of_other_services_are_taken_one_by_one(nova: Nova) -> None:
    told = [
        {"name": "network-changed", "server_uuid": nova.id},
        {"name": "network-vif-plugged", "server_uuid": NOBODY, "tag": "t"},
        {"name": "volume-extended", "server_uuid": nova.id},
    ]
    path = "/os-server-external-events"
    assert nova.ask(74, "POST", path, {"events": told}).status == 403
    assert nova.ask(50, "POST", path, {"events": told}, "admin").status == 400  # volumes came with 2.51
    answer = nova.ask(74, "POST", path, {"events": told}, "admin")
    assert (answer.status, [e["code"] for e in answer.json()["events"]]) == (207, [200, 404, 400])
    assert nova.ask(74, "POST", path, {"events": told[:1]}, "admin").status == 200
    assert act(nova, {"injectNetworkInfo": None}) == 202
    assert act(nova, {"resetNetwork": None}, "demo") == 403


def test_resizes_are_listed_as_migrations(nova: Nova) -> None:
    for after, path in (("confirmResize", "2"), ("revertResize", "3")):
        assert act(nova, {"resize": {"flavorRef": path}}, "demo") == 202
        nova.cloud.settle(90)
        assert nova.get(74, "/os-migrations", "admin")["migrations"][0]["status"] == "finished"
        assert act(nova, {after: None}, "demo") in {202, 204}
        nova.cloud.settle(90)
    found = nova.get(74, "/os-migrations", "admin")["migrations"]
    assert [(m["status"], m["old_instance_type_id"], m["new_instance_type_id"]) for m in found] == [
        ("reverted", 2, 3),
        ("confirmed", 1, 2),
    ]
    assert {(m["source_compute"], m["dest_compute"], m["migration_type"]) for m in found} == {("one", "one", "resize")}
    page = nova.get(74, "/os-migrations?limit=1", "admin")
    assert len(page["migrations_links"]) == 1
    rest_of_them = nova.get(74, f"/os-migrations?marker={found[0]['uuid']}", "admin")["migrations"]
    assert rest_of_them == found[1:]
    assert nova.get(74, f"/os-migrations?instance_uuid={NOBODY}", "admin")["migrations"] == []
    assert nova.ask(74, "GET", "/os-migrations").status == 403
    assert nova.get(74, f"/servers/{nova.id}/migrations", "admin")["migrations"] == []


def test_defaults_of_quotas_are_what_nobody_changed(nova: Nova) -> None:
    project, path = nova.cloud.project, "/os-quota-class-sets/default"
    before = nova.get(57, path, "admin")["quota_class_set"]
    assert nova.ask(57, "PUT", path, {"quota_class_set": {"cores": 7}}).status == 403
    assert nova.ask(57, "PUT", f"/os-quota-sets/{project}", {"quota_set": {"ram": 1024}}, "admin").status == 200
    changed = nova.ask(57, "PUT", path, {"quota_class_set": {"cores": 7, "ram": 4096}}, "admin").json()
    assert changed["quota_class_set"] == {k: v for k, v in before.items() if k != "id"} | {"cores": 7, "ram": 4096}
    held = nova.get(57, f"/os-quota-sets/{project}")["quota_set"]
    assert (held["cores"], held["ram"]) == (7, 1024)
    assert nova.get(57, f"/os-quota-sets/{project}/defaults")["quota_set"]["ram"] == 4096
    assert nova.ask(57, "DELETE", f"/os-quota-sets/{project}", user="admin").status == 202
    assert nova.get(57, f"/os-quota-sets/{project}")["quota_set"]["ram"] == 4096
    assert "server_groups" not in nova.get(49, path, "admin")["quota_class_set"]


def test_hosts_and_parts_are_told_as_novas(nova: Nova) -> None:
    (host,) = nova.get(53, "/os-hypervisors", "admin")["hypervisors"]
    booted_at = nova.cloud.clock.now() - 86400 - 7500
    nova.cloud.store.write(lambda tx: tx.hosts.save(replace(tx.hosts.find(Query())[0], booted_at=booted_at)))
    assert " up 1 day, 2:05" in nova.get(53, f"/os-hypervisors/{host['id']}/uptime", "admin")["hypervisor"]["uptime"]
    log = nova.get(1, "/os-instance_usage_audit_log/2026-03-04%2005:06:07", "admin")["instance_usage_audit_log"]
    assert (log["period_beginning"], log["period_ending"]) == ("2026-02-01 00:00:00", "2026-03-01 00:00:00")
    assert (log["hosts_not_run"], log["num_hosts_done"]) == (["one"], 0)
    assert nova.ask(1, "GET", "/os-instance_usage_audit_log/yesterday", user="admin").status == 400
    parts = nova.get(1, "/extensions")["extensions"]
    assert "os-server-groups" in {one["alias"] for one in parts}
    assert nova.ask(1, "GET", "/extensions/os-cells").status == 404
