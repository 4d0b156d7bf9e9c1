"""The private libvirtd: who is a guest, and which guest forbids its start."""

from pathlib import Path

from kumoi.adapters.libvirt import daemon

FOLDER = "/var/lib/libvirt/qemu/domain-1-g1"
SECRET = f'{{"qom-type":"secret","id":"masterKey0","format":"raw","file":"{FOLDER}/master-key.aes"}}'


def test_a_guest_is_known_by_its_command_line() -> None:
    argv = ["/run/bin/qemu-system-x86_64", "-name", "guest=g1,debug-threads=on", "-S"]
    guest = daemon.parse(7, [*argv, "-object", SECRET, "-machine", "pc"])
    assert guest == daemon.Guest(pid=7, name="g1", folder=FOLDER)


def test_the_older_spelling_of_the_secret() -> None:
    secret = f"secret,id=masterKey0,format=raw,file={FOLDER}/master-key.aes"
    guest = daemon.parse(7, ["qemu", "-name", "guest=g1", "-object", secret])
    assert guest is not None
    assert guest.folder == FOLDER


def test_probes_and_others_are_no_guests() -> None:
    assert daemon.parse(7, ["qemu-system-x86_64", "-S", "-no-user-config", "-machine", "none"]) is None
    assert daemon.parse(8, ["sleep", "infinity"]) is None
    assert daemon.parse(9, []) is None


def test_a_guest_whose_monitor_is_lost_is_at_risk(tmp_path: Path) -> None:
    guest = daemon.Guest(pid=7, name="no-such-guest-anywhere", folder=str(tmp_path))
    assert daemon.at_risk([]) is None
    risk = daemon.at_risk([guest])
    assert risk is not None
    assert risk[1] == "/run/libvirt/qemu/no-such-guest-anywhere.xml"
