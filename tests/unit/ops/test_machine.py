"""The doctor's probes, where they read files that a test can write, and on this very machine."""

import socket
from pathlib import Path

from kumoi.ops import machine


def test_sub_ids_are_the_largest_range_of_the_user(tmp_path: Path) -> None:
    table = tmp_path / "subuid"
    table.write_text("ann:100000:65536\nbob:165536:10\nbob:200000:4096\n\nbroken\n")
    assert machine.most_ids(table, "bob") == 4096
    assert machine.most_ids(table, "eve") == 0
    assert machine.most_ids(tmp_path / "absent", "ann") == 0


def test_a_port_in_use_is_a_warning_where_it_was_chosen_and_is_another_s() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
        assert machine.port(machine.Port(number=number, chosen=True)).verdict == "warning"
        assert machine.port(machine.Port(number=number)).verdict == "ok"
        assert machine.port(machine.Port(number=number, chosen=True, own=True)).verdict == "ok"


def test_what_only_guests_need_stands_in_no_simulated_cloud_s_way() -> None:
    assert machine.enough_to_simulate([machine.fault("tun", "", ""), machine.warning("kvm", "", "")])
    assert not machine.enough_to_simulate([machine.fault("disk", "", "")])


def test_proc_is_a_mount_of_its_own() -> None:
    assert machine.file_system(Path("/proc/self")) == "proc"


def test_every_purpose_names_packages_and_every_ill_its_mend(tmp_path: Path) -> None:
    assert set(machine.wanted_packages()) == {"python", "cloud", "image", "test"}
    findings = list(machine.examine(tmp_path / "state" / "deep", ()))
    assert [f for f in findings if f.verdict != "ok" and not f.mend] == []
