"""DHCP options of nics: what is taken, what is refused, how they come together; and their bytes."""

import pytest

from kumoi.adapters.linux.guestd.extra_options import encoded
from kumoi.core.dhcp_options import KNOWN, DhcpOption, check, merged, version_of
from kumoi.core.errors import Invalid


def option(name: str, value: str, version: int = 4) -> DhcpOption:
    return DhcpOption(name=name, value=value, ip_version=6 if version == 6 else 4)


@pytest.mark.parametrize(
    ("name", "value", "version", "code", "wire"),
    [
        ("bootfile-name", "pxelinux.0", 4, 67, b"pxelinux.0"),
        ("domain-name", '"test.domain"', 4, 15, b"test.domain"),
        ("ntp-server", "192.0.2.1,192.0.2.2", 4, 42, b"\xc0\0\2\1\xc0\0\2\2"),
        ("mtu", "1400", 4, 26, b"\x05\x78"),
        ("arp-timeout", "60", 4, 35, b"\0\0\0\x3c"),
        ("domain-search", "a.example,b", 4, 119, b"\1a\7example\0\1b\0"),
        ("classless-static-route", "10.0.0.0/8,192.0.2.1", 4, 121, b"\x08\x0a\xc0\0\2\1"),
        ("router", "", 4, 3, b""),
        ("dns-server", "2001:db8::1", 6, 23, b"\x20\1\x0d\xb8" + bytes(11) + b"\1"),
        ("bootfile-url", "http://192.0.2.1/b", 6, 59, b"http://192.0.2.1/b"),
    ],
)
def test_on_the_wire(name: str, value: str, version: int, code: int, wire: bytes) -> None:
    one = option(name, value, version)
    check(one)
    assert encoded((one,), one.ip_version) == {code: wire}
    assert encoded((one,), 4 if version == 6 else 6) == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("netmask", "255.0.0.0"),
        ("51", "1"),
        ("mtu", "70000"),
        ("mtu", "much"),
        ("ntp-server", "pool.example"),
        ("classless-static-route", "10.0.0.0/8"),
        ("classless-static-route", "10.0.0.0/33,192.0.2.1"),
        ("bootfile-name", "a\nb"),
        ("bootfile-name", "a" * 256),
        ("domain-search", "a..b"),
    ],
)
def test_refused(name: str, value: str) -> None:
    with pytest.raises(Invalid):
        check(option(name, value))


def test_every_option_without_a_value_is_told_to_nobody() -> None:
    for version in (4, 6):
        for name, known in KNOWN[4 if version == 4 else 6].items():
            assert encoded((option(name, "", version),), 4 if version == 4 else 6) == {known.code: b""}


def test_they_come_together_by_name_and_version() -> None:
    old = (option("mtu", "1400"), option("ntp-server", "192.0.2.1"), option("dns-server", "2001:db8::1", 6))
    new = merged(old, (option("mtu", "1300"), option("dns-server", "192.0.2.9")), (("ntp-server", 4),))
    assert [(o.name, o.value) for o in new] == [
        ("mtu", "1300"),
        ("dns-server", "2001:db8::1"),
        ("dns-server", "192.0.2.9"),
    ]
    with pytest.raises(Invalid, match="too_many"):
        merged((), [option(name, "") for name in KNOWN[4]][:33])
    assert (version_of("2001:db8::1"), version_of("192.0.2.1"), version_of("a:b")) == (6, 4, 4)
