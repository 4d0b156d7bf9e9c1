"""What every link does, in the process or over the wire."""

import hashlib

import msgspec
import pytest
from tests.contract.link.conftest import Rig

from kumoi.core.conditions import Blocked, Ready, Working
from kumoi.core.errors import KumoiError, NotFound, Stale
from kumoi.core.hosts import Capacity
from kumoi.core.ids import HostId, InstanceId, SectionKey, host_section
from kumoi.core.meters import CAPABILITY, NAMES, Point, Samples
from kumoi.core.plan import (
    Ask,
    FetchAsk,
    Hello,
    Report,
    SeenInstance,
    SeenThing,
    Stray,
    Welcome,
    entry_digest,
    section_digest,
)

HELLO = Hello(name="two", boot_id="b", capacity=Capacity(vcpus=1, memory_mib=1, disk_gib=1), capabilities=())


def asking(welcome: Welcome, wait_s: float = 0.0, **have: int) -> FetchAsk:
    keys = {SectionKey(key.replace("_", "/", 1)): serial for key, serial in have.items()}
    return FetchAsk(
        host_id=welcome.host_id,
        session=welcome.session,
        epoch=welcome.epoch,
        have={host_section(welcome.host_id): 0, **keys},
        wait_s=wait_s,
    )


def reporting(welcome: Welcome, sequence: int = 1) -> Report:
    working = Working(code="starting", facts={"lacking": ["a"], "n": 1, "why": None}, since=1.0, next_try=2.0)
    return Report(
        host_id=welcome.host_id,
        session=welcome.session,
        epoch=welcome.epoch,
        sequence=sequence,
        boot_id="b",
        acted={host_section(welcome.host_id): 3},
        instances=(SeenInstance(id=InstanceId("i"), power="running", condition=working, runs_done=1, pid=7),),
        things=(SeenThing(entry="nic/n", condition=Ready()), SeenThing(entry="vpc/v", condition=Blocked(code="x"))),
        strays=(Stray(kind="machine", name="m"),),
    )


def test_a_host_is_known_again_by_its_name(rig: Rig) -> None:
    first, second = rig.link.hello(HELLO), rig.link.hello(HELLO)
    assert first.host_id == second.host_id
    assert first.session != second.session
    assert first.epoch == second.epoch


def test_only_the_last_session_speaks(rig: Rig) -> None:
    old, new = rig.link.hello(HELLO), rig.link.hello(HELLO)
    with pytest.raises(Stale):
        rig.link.fetch(asking(old))
    with pytest.raises(Stale):
        rig.link.report(reporting(old))
    rig.link.fetch(asking(new))
    rig.link.report(reporting(new))


def test_samples_are_taken_from_the_last_session(rig: Rig) -> None:
    old, new = rig.link.hello(HELLO), rig.link.hello(HELLO)
    assert CAPABILITY in new.capabilities
    names = {str(kind): held for kind, held in NAMES.items()}
    point = Point(InstanceId("nobody's"), "disk/vda", rig.cloud.clock.now(), (1.0, None, 0.5, 2.0))
    rig.link.sample(Samples(host_id=new.host_id, session=new.session, names=names, points=(point,)))
    assert rig.cloud.house.series.newest(rig.cloud.clock.now()) == []  # it is on no host
    with pytest.raises(Stale):
        rig.link.sample(Samples(host_id=old.host_id, session=old.session, names=names, points=()))


def test_entries_come_byte_by_byte_and_only_newer_ones(rig: Rig) -> None:
    welcome = rig.link.hello(HELLO)
    own = host_section(welcome.host_id)
    rig.say(own, "instance/1", b'{"a": 1,"b":[ 2]}')
    rig.say(own, "instance/2", b"{}")
    rig.say(own, "instance/2", None)
    (delta,) = rig.link.fetch(asking(welcome)).sections
    assert [(e.id, e.body is not msgspec.UNSET) for e in delta.entries] == [("instance/1", True), ("instance/2", False)]
    body = delta.entries[0].body
    assert isinstance(body, msgspec.Raw)
    assert bytes(body) == b'{"a": 1,"b":[ 2]}'
    assert delta.digest == section_digest(entry_digest(own, "instance/1", bytes(body)))
    assert delta.entries[1].cause == "deleted"
    newer = msgspec.structs.replace(asking(welcome), have={own: delta.serial})
    assert rig.link.fetch(newer).sections == ()


def test_a_report_is_taken_in_full(rig: Rig) -> None:
    welcome = rig.link.hello(HELLO)
    rig.link.report(reporting(welcome))
    host = rig.cloud.store.read(lambda tx: tx.hosts.get(welcome.host_id))
    assert host is not None
    assert host.sequence == 1


def test_a_question_is_answered_once(rig: Rig) -> None:
    welcome = rig.link.hello(HELLO)
    ask = Ask(id="ask-1", kind="console", instance_id=InstanceId("i"))
    answer = rig.cloud.house.asks.open(welcome.host_id, ask)
    assert rig.link.fetch(asking(welcome)).asks == (ask,)
    rig.link.read("ask-1", b"\0\xff bytes")
    assert answer.result(5.0) == b"\0\xff bytes"
    with pytest.raises(NotFound):
        rig.link.read("ask-1", b"again")


def test_a_layer_comes_whole(rig: Rig) -> None:
    data = bytes(range(256)) * 20_000
    upload = rig.cloud.house.blobs.begin(len(data))
    upload.write(data)
    sha256 = upload.commit()
    assert hashlib.sha256(b"".join(rig.link.layer(sha256))).hexdigest() == sha256


def test_a_layer_that_is_not_there_is_refused(rig: Rig) -> None:
    with pytest.raises(NotFound):
        b"".join(rig.link.layer("0" * 64))


def test_a_refusal_keeps_its_code_layer_and_facts(rig: Rig) -> None:
    welcome = rig.link.hello(HELLO)
    stranger = msgspec.structs.replace(asking(welcome), host_id=HostId("nobody"))
    with pytest.raises(KumoiError) as refused:
        rig.link.fetch(stranger)
    assert (refused.value.code, refused.value.layer) == ("stale", "host")
    assert refused.value.facts["id"] == "nobody"
