"""Machines as XML: whole texts, compared with those in golden/, and what must never depend on the user's words."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kumoi.adapters.libvirt.domain_xml import (
    DomainSettings,
    Stamp,
    digest,
    domain_name,
    instance_of,
    read_stamp,
    render,
)
from kumoi.contracts.compute import Machine, MachineDisk, MachinePlug
from kumoi.core.ids import InstanceId, NicId, VolumeId

GOLDEN = Path(__file__).parent / "golden"
ID = InstanceId("11111111-2222-4333-8444-555555555555")
TCG = DomainSettings(
    accelerator="tcg",
    emulator="/run/bin/qemu-system-x86_64",
    consoles="/var/log/libvirt/consoles",
    serials="/run/kumoi/serials",
)
KVM = msgspec.structs.replace(TCG, accelerator="kvm", disk_cache="writeback")
SMALL = Machine(
    id=ID,
    name="web <1> & 雲",
    vcpus=1,
    memory_mib=128,
    disk=f"/var/lib/libvirt/images/disks/{ID}.qcow2",
    config_drive=f"/var/lib/libvirt/images/disks/{ID}.config.iso",
    plugs=(
        MachinePlug(nic_id=NicId("n1"), mac="fa:16:3e:00:00:01", tap="tapaaaaaaaa-aa", bridge="brq1", mtu=1450),
        MachinePlug(nic_id=NicId("n2"), mac="fa:16:3e:00:00:02", tap="tapbbbbbbbb-bb", bridge="brq2", mtu=1500, slot=1),
    ),
)
VOLUMES = Machine(
    id=ID,
    name="booted from a volume",
    vcpus=1,
    memory_mib=128,
    disk="",
    plugs=(),
    volumes=(
        MachineDisk(volume_id=VolumeId("aaaaaaaa-2222-4333-8444-555555555555"), handle="/a.qcow2", slot=0, boot=True),
        MachineDisk(
            volume_id=VolumeId("bbbbbbbb-2222-4333-8444-555555555555"), handle="/b.qcow2", slot=30, read_only=True
        ),
    ),
)
LARGE = Machine(id=ID, name="db", vcpus=4, memory_mib=8192, disk="/d.qcow2", plugs=())


@pytest.mark.parametrize(
    ("name", "machine", "settings", "run"),
    [
        ("tcg_small", SMALL, TCG, 7),
        ("tcg_large", LARGE, TCG, 1),
        ("kvm_large", LARGE, KVM, 1),
        ("tcg_volumes", VOLUMES, TCG, 1),
    ],
)
def test_the_whole_text(name: str, machine: Machine, settings: DomainSettings, run: int) -> None:
    assert render(machine, settings, run) == (GOLDEN / f"{name}.xml").read_text()


def test_the_run_changes_the_text_and_not_the_digest() -> None:
    first, second = render(SMALL, TCG, 1), render(SMALL, TCG, 2)
    assert first != second
    assert digest(SMALL, TCG) in first
    assert digest(SMALL, TCG) in second
    assert digest(SMALL, KVM) != digest(SMALL, TCG)


@given(st.text())
def test_a_name_is_text_whatever_it_says(name: str) -> None:
    text = render(msgspec.structs.replace(SMALL, name=name), TCG, 1)
    assert text.count("<") == render(SMALL, TCG, 1).count("<")
    assert "\0" not in text


def test_a_stamp_is_read_back() -> None:
    metadata = f'<kumoi:instance xmlns:kumoi="urn:kumoi:domain:1" id="{ID}" run="7" digest="abc"/>'
    assert read_stamp(metadata) == Stamp(run=7, digest="abc")


@pytest.mark.parametrize("metadata", ["", "<x", "<x/>", '<x run="seven" digest="abc"/>'])
def test_what_is_no_stamp_of_ours(metadata: str) -> None:
    assert read_stamp(metadata) is None


def test_names_lead_back_to_instances_and_strangers_do_not() -> None:
    assert instance_of(domain_name(ID)) == ID
    for name in ("g1", ID, "kumoi-", "kumoi-web", f"other-{ID}", f"kumoi-{ID}-2"):
        assert instance_of(name) is None
