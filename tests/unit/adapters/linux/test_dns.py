"""DNS packets: what is answered with authority, what is refused, and that nothing breaks."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contract.network.asking import question, read_answer
from tests.contract.network.plans import net

from kumoi.adapters.linux.guestd import dns
from kumoi.adapters.linux.guestd.book import Book, Names
from kumoi.contracts.guests import GuestNetwork
from kumoi.core.nics import FixedIp


def names(count: int = 2) -> Names:
    where = net()
    nics = [where.nic(10 + number, hostname=f"vm{10 + number}") for number in range(count)]
    nics.append(where.nic(99, hostname="", fixed_ips=(FixedIp(where.subnet.id, "10.0.0.99"),)))
    found = Book((GuestNetwork(network=where.entry, subnets=(where.subnet,), nics=tuple(nics)),), {}).names(
        where.entry.id
    )
    assert found is not None
    return found


def ask(name: str, kind: str = "A", *, forwards: bool = False) -> tuple[str, list[str]] | None:
    sent = question(name, kind, 4711)
    query = dns.parse(sent)
    assert query is not None
    answer = dns.answer(query, names(), forwards=forwards)
    return None if answer is None else read_answer(answer, sent)


@pytest.mark.parametrize(
    ("name", "kind", "answer"),
    [
        ("vm10.cloud.example", "A", ("ok", ["10.0.0.10"])),
        ("VM10.Cloud.EXAMPLE", "A", ("ok", ["10.0.0.10"])),
        ("vm10", "A", ("ok", ["10.0.0.10"])),
        ("host-10-0-0-99.cloud.example", "A", ("ok", ["10.0.0.99"])),
        ("vm10.cloud.example", "AAAA", ("ok", [])),
        ("cloud.example", "SOA", ("ok", [])),
        ("vm77.cloud.example", "A", ("no_such_name", [])),
        ("vm77", "A", ("no_such_name", [])),
        ("10.0.0.10.in-addr.arpa", "PTR", ("ok", ["vm10.cloud.example"])),
        ("99.0.0.10.in-addr.arpa", "PTR", ("ok", ["host-10-0-0-99.cloud.example"])),
        ("10.0.0.10.in-addr.arpa", "A", ("ok", [])),
        ("77.0.0.10.in-addr.arpa", "PTR", ("no_such_name", [])),
        ("1.0.0.192.in-addr.arpa", "PTR", ("refused", [])),
        ("www.example.org", "A", ("refused", [])),
        ("notcloud.example", "A", ("refused", [])),
    ],
)
def test_answers(name: str, kind: str, answer: tuple[str, list[str]]) -> None:
    assert ask(name, kind) == answer


def test_what_is_not_ours_is_asked_elsewhere_where_there_is_one() -> None:
    assert ask("www.example.org", forwards=True) is None
    assert ask("vm77.cloud.example", forwards=True) == ("no_such_name", [])
    assert ask("1.0.0.8.in-addr.arpa", "PTR", forwards=True) is None
    for private in ("9.9.9.10.in-addr.arpa", "1.1.168.192.in-addr.arpa", "1." + "0." * 29 + "d.f.ip6.arpa"):
        assert ask(private, "PTR", forwards=True) == ("no_such_name", [])


def test_more_than_fits_is_cut_and_said() -> None:
    where = net()
    nics = tuple(where.nic(n, hostname="same") for n in range(1, 60))
    found = Book((GuestNetwork(network=where.entry, subnets=(where.subnet,), nics=nics),), {}).names(where.entry.id)
    query = dns.parse(question("same.cloud.example", "A", 1))
    assert query is not None
    assert found is not None
    short, whole = dns.answer(query, found), dns.answer(query, found, limit=65535)
    assert short is not None
    assert whole is not None
    assert len(short) <= 512
    assert struct.unpack_from("!H", short, 2)[0] & 0x0200
    assert struct.unpack_from("!H", whole, 6)[0] == 59


@pytest.mark.parametrize(
    ("packet", "code"),
    [
        (struct.pack("!HHHHHH", 1, 0, 0, 0, 0, 0), "format"),
        (struct.pack("!HHHHHH", 1, 0, 2, 0, 0, 0) + b"\1a\0\0\1\0\1", "format"),
        (struct.pack("!HHHHHH", 1, 0, 1, 0, 0, 0) + b"\xc0\x0c\0\1\0\1", "format"),
        (struct.pack("!HHHHHH", 1, 0, 1, 0, 0, 0) + b"\5abc", "format"),
        (struct.pack("!HHHHHH", 1, 0x2800, 1, 0, 0, 0) + b"\1a\0\0\1\0\1", "not_implemented"),
    ],
)
def test_broken_questions_are_told_so(packet: bytes, code: str) -> None:
    query = dns.parse(packet)
    assert query is not None
    answer = dns.answer(query, names())
    assert answer is not None
    assert read_answer(answer, packet)[0] == code


def test_answers_are_not_answered() -> None:
    assert dns.parse(struct.pack("!HHHHHH", 1, 0x8000, 1, 0, 0, 0) + b"\1a\0\0\1\0\1") is None
    assert dns.parse(b"short") is None


HEAD = st.tuples(st.integers(0, 0x7FFF), st.integers(0, 3)).map(
    lambda found: struct.pack("!HHHHHH", 1, found[0], found[1], 0, 0, 0)
)


@given(st.one_of(st.binary(max_size=600), st.tuples(HEAD, st.binary(max_size=300)).map(b"".join)), st.booleans())
def test_no_packet_breaks_it(packet: bytes, forwards: bool) -> None:
    query = dns.parse(packet)
    if query is not None:
        answer = dns.answer(query, names(), forwards=forwards)
        assert answer is None or (answer[:2] == packet[:2] and len(answer) <= max(512, 12 + len(query.raw)))
