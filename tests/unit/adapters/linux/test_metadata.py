"""The metadata service's requests and documents."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contract.network.plans import net
from tests.contract.network.test_guests import told

from kumoi.adapters.linux.guestd import ec2, http, openstack
from kumoi.adapters.linux.guestd.book import Book, Machine
from kumoi.adapters.linux.guestd.metadata import Metadata
from kumoi.contracts.guests import GuestNetwork
from kumoi.core.devices import TaggedDevice

SEED = bytes(openstack.SEED_BYTES)
SERVICE = Metadata(b"secret")


def machine(**changed: Any) -> Machine:
    where, other = net("10.0.0"), net("10.9.0").changed(dhcp=False, dns_servers=("192.0.2.53",))
    first = where.nic(11)
    second = other.nic(12, instance_id=first.instance_id)
    pairs = ((where, first), (other, second))
    known = tuple(GuestNetwork(network=w.entry, subnets=(w.subnet,), nics=(n,)) for w, n in pairs)
    assert first.instance_id is not None
    found = Book(known, {first.instance_id: told("vm11", **changed)}).machine(where.entry.id, "10.0.0.11")
    assert found is not None
    return found


def get(path: str, of: Machine, method: str = "GET", now: float = 0.0, **headers: str) -> http.Response:
    lines = [f"{method} {path} HTTP/1.1", "Host: 169.254.169.254", *(f"{k}: {v}" for k, v in headers.items())]
    request = http.parse("\r\n".join(lines).encode())
    assert isinstance(request, http.Request)
    return SERVICE.answer(request, of, now, SEED)


def test_user_data_comes_as_it_was_given() -> None:
    one = machine(user_data=base64.b64encode(bytes(range(256))).decode())
    for path in ("/latest/user-data", "/openstack/latest/user_data", "//latest//user-data/", "/latest/user-data?x=1"):
        assert get(path, one).body == bytes(range(256))


def test_without_user_data_there_is_none() -> None:
    for path in ("/latest/user-data", "/openstack/latest/user_data"):
        assert get(path, machine(user_data="")).status == 404


def test_files_are_told_and_given() -> None:
    one = machine(files={"/etc/motd": "aGVsbG8=", "b": "Yg=="})
    told = json.loads(get("/openstack/latest/meta_data.json", one).body)["files"]
    assert [f["path"] for f in told] == ["/etc/motd", "b"]
    assert [get(f"/openstack{f['content_path']}", one).body for f in told] == [b"hello", b"b"]
    assert get("/openstack/content/0002", one).status == 404
    assert "files" not in json.loads(get("/openstack/latest/meta_data.json", machine()).body)


def test_tagged_devices_are_told_by_where_they_are() -> None:
    tagged = (
        TaggedDevice(kind="nic", name="fa:16:3e:00:00:01", slot=2, tag="dmz"),
        TaggedDevice(kind="disk", name="0123456789abcdef0123", slot=0, tag="data"),
    )
    assert json.loads(get("/openstack/latest/meta_data.json", machine(devices=tagged)).body)["devices"] == [
        {"type": "nic", "bus": "pci", "address": "0000:00:12.0", "tags": ["dmz"], "mac": "fa:16:3e:00:00:01"},
        {"type": "disk", "bus": "pci", "address": "0000:01:01.0", "tags": ["data"], "serial": "0123456789abcdef0123"},
    ]


def test_a_second_nic_is_told_with_its_fixed_settings() -> None:
    drawn = json.loads(get("/openstack/latest/network_data.json", machine()).body)
    assert [n["type"] for n in drawn["networks"]] == ["ipv4_dhcp", "ipv4"]
    fixed = drawn["networks"][1]
    assert (fixed["ip_address"], fixed["netmask"]) == ("10.9.0.12", "255.255.255.0")
    assert fixed["routes"] == [{"network": "0.0.0.0", "netmask": "0.0.0.0", "gateway": "10.9.0.1"}]
    assert drawn["services"] == [{"type": "dns", "address": "192.0.2.53"}]
    assert len({n["id"] for n in drawn["networks"]}) == 2


def test_every_name_that_is_listed_can_be_read() -> None:
    one = machine()

    def walk(path: str) -> int:
        body = get(path, one).body.decode()
        count = 0
        for name in body.split("\n"):
            below = f"{path}{name.split('=')[0] if 'public-keys' in path else name}"
            if name.endswith("/") or path == "/" or path.count("/") == 2 or "=" in name:
                if name != "user-data":
                    count += walk(below if below.endswith("/") else below + "/")
            else:
                assert get(below, one).status == 200, below
                count += 1
        return count

    assert walk("/latest/") > 20


@pytest.mark.parametrize(("zone", "region"), [("ap-northeast-1a", "ap-northeast-1"), ("nova", "nova"), ("", "")])
def test_a_zone_has_a_region(zone: str, region: str) -> None:
    assert ec2.region(zone) == region


def test_a_token_ends() -> None:
    one = machine()
    token = get("/latest/api/token", one, "PUT", **{"X-aws-ec2-metadata-token-ttl-seconds": "10"}).body.decode()
    header = {"X-aws-ec2-metadata-token": token}
    assert get("/latest/meta-data/ami-id", one, now=9.0, **header).status == 200
    assert get("/latest/meta-data/ami-id", one, now=11.0, **header).status == 401


@pytest.mark.parametrize("ttl", ["0", "21601", "-1", "x", "", "99999999999999", "\u0663"])
def test_a_ttl_is_between_a_second_and_six_hours(ttl: str) -> None:
    request = http.Request(
        method="PUT", path=["latest", "api", "token"], body_bytes=0,
        headers={"x-aws-ec2-metadata-token-ttl-seconds": ttl},
    )  # fmt: skip
    assert SERVICE.answer(request, machine(), 0.0, SEED).status == 400


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET / HTTP/2.0", 400),
        (b"GET http://x/ HTTP/1.1", 400),
        (b"get / HTTP/1.1", 400),
        (b"GET /a b HTTP/1.1", 400),
        (b"GET / HTTP/1.1\r\nbroken", 400),
        (b"GET / HTTP/1.1\r\nA: b\r\n folded", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b", 400),
        (b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked", 501),
        (b"PUT / HTTP/1.1\r\nContent-Length: 5000", 413),
        (b"PUT / HTTP/1.1\r\nContent-Length: -1", 400),
        (b"PUT / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2", 400),
    ],
)
def test_what_is_no_request_is_refused(head: bytes, status: int) -> None:
    found = http.parse(head)
    assert isinstance(found, http.Response)
    assert found.status == status
    assert found.encode().startswith(f"HTTP/1.1 {status} ".encode())


@given(st.one_of(st.binary(max_size=400), st.binary(max_size=200).map(lambda tail: b"GET /latest" + tail)))
def test_no_head_breaks_it(head: bytes) -> None:
    found = http.parse(head)
    if isinstance(found, http.Request):
        assert SERVICE.answer(found, machine(), 0.0, SEED).status in {200, 400, 401, 403, 404, 405}


def test_a_stranger_is_told_nothing() -> None:
    request = http.Request(method="GET", path=[], headers={}, body_bytes=0)
    assert SERVICE.answer(request, None, 0.0, SEED).status == 404
