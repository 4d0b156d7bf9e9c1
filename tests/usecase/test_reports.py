"""Reports that come late, twice, or from the wrong host."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.usecase.cloud import Cloud
from tests.usecase.test_instances import boot, status

from kumoi.app import why
from kumoi.app.hosts.greet import greet
from kumoi.app.hosts.report import take_report
from kumoi.core.conditions import Blocked, Ready
from kumoi.core.hosts import Capacity
from kumoi.core.instances import Instance, SeenPower
from kumoi.core.plan import Hello, Report, SeenInstance, Stray, Welcome
from kumoi.core.query import Query


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    made = Cloud(tmp_path)
    yield made
    made.close()


def report(cloud: Cloud, one: Instance, power: SeenPower, sequence: int) -> Report:
    host = cloud.store.read(lambda tx: tx.hosts.find(Query()))[0]
    return Report(
        host_id=host.id,
        session=host.session,
        epoch=cloud.store.epoch(),
        sequence=sequence,
        boot_id=host.boot_id,
        acted={},
        instances=(SeenInstance(id=one.id, power=power, condition=Ready(), runs_done=1),),
    )


def test_a_late_report_is_forgotten_and_the_next_true_one_is_not(cloud: Cloud) -> None:
    cloud.settle()
    one = boot(cloud)
    cloud.settle()
    for power, sequence in (("running", 1005), ("off", 1006), ("running", 1004), ("running", 1007)):
        take_report(cloud.house, report(cloud, one, power, sequence))
    assert status(cloud, one.id) == "active"


def test_an_unchanged_report_writes_nothing(cloud: Cloud) -> None:
    cloud.settle()
    one = boot(cloud)
    cloud.settle()
    take_report(cloud.house, report(cloud, one, "running", 2000))
    before = cloud.store.read(lambda tx: tx.hosts.find(Query()))[0]
    take_report(cloud.house, report(cloud, one, "running", 2001))
    assert cloud.store.read(lambda tx: tx.hosts.find(Query()))[0] == before


def test_a_host_speaks_only_for_what_is_placed_on_it(cloud: Cloud) -> None:
    cloud.settle()
    one = boot(cloud)
    cloud.settle()
    capacity = Capacity(vcpus=1, memory_mib=1, disk_gib=1)
    other: Welcome = greet(cloud.house, Hello(name="two", boot_id="b", capacity=capacity, capabilities=()))
    told = replace(report(cloud, one, "off", 1), host_id=other.host_id, session=other.session, epoch=other.epoch)
    take_report(cloud.house, told)
    assert status(cloud, one.id) == "active"


def test_a_host_that_halts_to_ask_is_heard(cloud: Cloud) -> None:
    """And so is what stands there that no plan names."""
    cloud.settle()
    one = boot(cloud)
    cloud.settle()
    strays = (Stray(kind="machine", name="stranger"),)
    take_report(cloud.house, replace(report(cloud, one, "running", 2000), halted="entries_vanished", strays=strays))
    host = cloud.store.read(lambda tx: tx.hosts.find(Query()))[0]
    assert host.strays == ("machine/stranger",)
    told = why.explain(cloud.house, cloud.call(admin=True), host.name)
    assert isinstance(told.condition, Blocked)
    assert told.condition.code == "entries_vanished"
    take_report(cloud.house, report(cloud, one, "running", 2001))
    assert why.explain(cloud.house, cloud.call(admin=True), host.name).condition == Ready()
