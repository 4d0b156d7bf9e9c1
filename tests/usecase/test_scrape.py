"""What Prometheus is told: the cloud in numbers to those on this machine, guests by ids to those with the token."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from tests.unit.api.edge.asgi_client import Answer, call
from tests.usecase.cloud import Cloud

from kumoi.api.edge.app import Edge
from kumoi.api.edge.request import Request
from kumoi.api.operator.prometheus import CloudCollector, guest_lines, metric_name
from kumoi.api.operator.scrape import on_this_machine, tongue
from kumoi.app.instances import run
from kumoi.app.instances.wish import RunWish
from kumoi.app.meters.newest import GuestPoint
from kumoi.core.errors import Unavailable
from kumoi.core.ids import FlavorId, InstanceId, ProjectId
from kumoi.core.meters import METERS, Point

SECRET = "a-secret"
NAME = "tenants-own-name"


class Scraped:
    def __init__(self, folder: Path, runner: asyncio.Runner) -> None:
        self.cloud = Cloud(folder)
        self._runner = runner
        spoken = [tongue(self.cloud.house, CollectorRegistry(), SECRET)]
        self.app = Edge(spoken, now=self.cloud.clock.now, new_id=self.cloud.chance.uuid)
        self.cloud.settle()
        wish = RunWish(name=NAME, flavor_id=FlavorId("1"), image_id=self.cloud.image())
        self.id = run.run(self.cloud.house, self.cloud.call(), wish)[0].id
        self.cloud.settle(60.0)

    def get(self, path: str, secret: str | None = None) -> Answer:
        headers = [("authorization", f"Bearer {secret}")] if secret is not None else []
        return self._runner.run(call(self.app, "GET", path, headers, None))


@pytest.fixture
def scraped(tmp_path: Path) -> Iterator[Scraped]:
    with asyncio.Runner() as runner:
        made = Scraped(tmp_path, runner)
        with closing(made.cloud):
            yield made
        made.app.close()


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    found = text_string_to_metric_families(text)
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in found for s in family.samples}


def test_the_cloud_in_numbers(scraped: Scraped) -> None:
    text = scraped.get("/metrics", SECRET).body.decode()
    found = samples(text)
    assert found["kumoi_hosts", (("state", "up"),)] == 1
    assert found["kumoi_instances", (("status", "active"),)] == 1
    assert found["kumoi_room_used", (("resource", "memory_mib"),)] == 128
    assert found["kumoi_marks_waiting", ()] == 0
    assert found["kumoi_stamper_lag_seconds", ()] == 0
    assert found["kumoi_store_up", ()] == 1
    assert 0 <= found["kumoi_loop_age_seconds", (("loop", "stamp"),)] <= 10
    assert found["kumoi_loop_errors_total", (("loop", "purge"),)] == 0
    for secret in (NAME, scraped.id, scraped.cloud.project, "demo"):
        assert secret not in text


def test_guests_by_ids(scraped: Scraped) -> None:
    text = scraped.get("/metrics/guests", SECRET).body.decode()
    found = samples(text)
    who = (("instance", scraped.id), ("project", scraped.cloud.project))
    assert 0 < found["kumoi_guest_cpu_usage_vcpus", who] <= 1
    assert found["kumoi_guest_memory_actual_bytes", who] == 128 << 20
    assert found["kumoi_guest_disk_write_bytes_per_second", (("device", "vda"), *who)] > 0
    names = {name for name, _ in found}
    assert names == {metric_name(m.name, m.unit) for meters in METERS.values() for m in meters}
    assert NAME not in text


def test_who_is_not_let_in(scraped: Scraped) -> None:
    for path in ("/metrics", "/metrics/guests"):
        assert scraped.get(path).status == 401
        assert scraped.get(path, "another-secret").status == 401
        assert scraped.get(path, "").status == 401


def test_the_rest_is_told_when_the_store_is_silent(scraped: Scraped) -> None:
    class Silent:
        def read(self, _fn: object) -> None:
            raise Unavailable("store", what="database")

    registry = CollectorRegistry()
    silent: Any = Silent()
    registry.register(CloudCollector(msgspec.structs.replace(scraped.cloud.house, store=silent)))
    found = samples(generate_latest(registry).decode())
    assert found["kumoi_store_up", ()] == 0
    assert ("kumoi_loop_passes_total", (("loop", "stamp"),)) in found


def request(client: Any, *headers: tuple[bytes, bytes]) -> Request:
    scope = {
        "method": "GET", "raw_path": b"/metrics", "query_string": b"", "headers": list(headers), "scheme": "http",
        "client": client,
    }  # fmt: skip
    return Request(scope, {}, "req-1", 0.0)


def test_who_sits_on_this_machine() -> None:
    assert on_this_machine(request(("127.0.0.1", 1)))
    assert on_this_machine(request(("::1", 1)))
    assert on_this_machine(request(None))
    assert not on_this_machine(request(("10.0.0.7", 1)))
    assert not on_this_machine(request(("169.254.169.254", 1)))
    assert not on_this_machine(request(("127.0.0.1", 1), (b"x-forwarded-for", b"127.0.0.1")))


def test_no_device_breaks_out_of_its_label() -> None:
    point = Point(InstanceId("i"), 'disk/vda"} 1\nevil{a="', 1.0, (1.0, None, None, None))
    text = guest_lines([GuestPoint(point, ProjectId("p"))]).decode()
    assert list(samples(text)) == [
        ("kumoi_guest_disk_read_bytes_per_second", (("device", "vda1evila"), ("instance", "i"), ("project", "p")))
    ]
