"""Agents are older than control for as long as an upgrade of many hosts takes, and control may be rolled back under
newer ones: what either does not know is let be, and what it does not say has a meaning.

The texts are of the formats' first version, word for word: they never change.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.usecase.cloud import Cloud
from tests.usecase.test_instances import boot, status

from kumoi.agent.ledger import Ledger
from kumoi.agent.section import decode
from kumoi.app.hosts.fetch import deltas
from kumoi.app.hosts.greet import greet
from kumoi.app.hosts.report import take_report
from kumoi.core.plan import PLAN_FORMAT, Entry, FetchAsk, Hello, InstanceEntry, Report
from kumoi.runtime.loop import settle

HELLO = """{"name": "elder", "boot_id": "b1", "capacity": {"vcpus": 64, "memory_mib": 65536, "disk_gib": 1000},
 "capabilities": ["router"], "accelerator": "tcg", "plan_format": 1, "report_format": 1}"""
ASK = """{"host_id": "HOST", "session": "SESSION", "epoch": EPOCH, "have": {"host/HOST": 0}, "wait_s": 0.0}"""
REPORT = """{"host_id": "HOST", "session": "SESSION", "epoch": EPOCH, "sequence": 1, "boot_id": "b1",
 "acted": {"host/HOST": SERIAL}, "instances": [{"kind": "instance", "id": "INSTANCE", "power": "running",
 "condition": {"is": "ready"}, "runs_done": 1}], "things": [], "strays": [], "format": 1}"""


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    made = Cloud(tmp_path)
    yield made
    made.close()


def test_what_the_first_agents_say_is_understood(cloud: Cloud) -> None:
    welcome = greet(cloud.house, msgspec.json.decode(HELLO, type=Hello))
    one = boot(cloud)  # there is no other host yet
    settle(list(cloud.control.loops), cloud.clock, 5.0)
    told = {"HOST": welcome.host_id, "SESSION": welcome.session, "EPOCH": str(welcome.epoch), "INSTANCE": one.id}
    (own,) = deltas(cloud.house, msgspec.json.decode(filled(ASK, told), type=FetchAsk))
    assert any(entry.id == f"instance/{one.id}" for entry in own.entries)
    take_report(cloud.house, msgspec.json.decode(filled(REPORT, {**told, "SERIAL": str(own.serial)}), type=Report))
    assert status(cloud, one.id) == "active"


def filled(text: str, told: dict[str, str]) -> str:
    for name, value in told.items():
        text = text.replace(name, value)
    return text


def test_an_agent_lets_be_what_it_does_not_know(cloud: Cloud) -> None:
    cloud.settle()
    one = boot(cloud)
    cloud.settle()
    entry = Ledger(cloud.ledger).own().entries[f"instance/{one.id}"]
    known = decode(entry)
    assert isinstance(known, InstanceEntry)
    assert PLAN_FORMAT == 1, "what hosts of the first format are sent must be decided here first"
    body = msgspec.json.decode(bytes(entry.body))
    newer = Entry(id=entry.id, serial=entry.serial, body=msgspec.Raw(msgspec.json.encode({**body, "of_tomorrow": 1})))
    assert decode(newer) == known
    strange = Entry(id="tomorrow/1", serial=1, body=msgspec.Raw(b'{"kind": "of_tomorrow"}'))
    assert decode(strange) is None
