"""Whom the machine asks for names."""

from pathlib import Path

import pytest

from kumoi.adapters.linux.resolver import OF_HOST, servers

TEXT = """# made by something
search example.org
nameserver 192.0.2.1
nameserver   fe80::1%eth0
nameserver not-an-address
options ndots:1
nameserver 192.0.2.2
nameserver 192.0.2.3
"""


def test_the_machines_own_are_read_as_it_reads_them(tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    assert servers(OF_HOST, file) == ()
    file.write_text(TEXT)
    assert servers(OF_HOST, file) == ("192.0.2.1", "fe80::1%eth0", "192.0.2.2")


@pytest.mark.parametrize(
    ("chosen", "found"),
    [("", ()), ("192.0.2.9", ("192.0.2.9",)), ("192.0.2.9, 2001:db8::9,what", ("192.0.2.9", "2001:db8::9"))],
)
def test_chosen_ones_are_asked_instead(chosen: str, found: tuple[str, ...], tmp_path: Path) -> None:
    assert servers(chosen, tmp_path) == found
