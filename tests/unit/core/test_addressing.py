"""Blocks, pools, gateways and the choice of free addresses."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kumoi.core import addressing
from kumoi.core.errors import Invalid
from kumoi.core.networks import Pool
from kumoi.core.quotas import Claim


def claim(address: str, at: float = 0.0) -> Claim:
    return Claim(kind="address", key=f"subnet/{address}", owner="nic", at=at)


def reason(error: pytest.ExceptionInfo[Invalid]) -> object:
    return error.value.facts["reason"]


@pytest.mark.parametrize(
    ("cidr", "gateway", "pools"),
    [
        ("10.0.0.0/24", "10.0.0.1", [("10.0.0.2", "10.0.0.254")]),
        ("10.0.0.0/30", "10.0.0.1", [("10.0.0.2", "10.0.0.2")]),
        ("10.0.0.0/31", "10.0.0.0", [("10.0.0.1", "10.0.0.1")]),
        ("10.0.0.0/32", "10.0.0.0", []),
        ("2001:db8::/64", "2001:db8::1", [("2001:db8::2", "2001:db8::ffff:ffff:ffff:ffff")]),
    ],
)
def test_a_block_has_a_first_address_for_its_gateway_and_the_rest_for_nics(
    cidr: str, gateway: str, pools: list[tuple[str, str]]
) -> None:
    block = addressing.block(cidr)
    assert addressing.default_gateway(block) == gateway
    assert [(p.start, p.end) for p in addressing.default_pools(block, gateway)] == pools


def test_a_gateway_in_the_middle_splits_the_pool() -> None:
    pools = addressing.default_pools(addressing.block("10.0.0.0/29"), "10.0.0.3")
    assert pools == (Pool("10.0.0.1", "10.0.0.2"), Pool("10.0.0.4", "10.0.0.6"))


def test_a_gateway_outside_the_block_takes_nothing_from_the_pool() -> None:
    pools = addressing.default_pools(addressing.block("10.0.0.0/29"), "192.0.2.1")
    assert pools == (Pool("10.0.0.1", "10.0.0.6"),)


@pytest.mark.parametrize(
    ("text", "why"),
    [("10.0.0.1/24", "host_bits"), ("10.0.0.0", "not_cidr"), ("10.0.0.0/33", "not_cidr"), ("", "not_cidr")],
)
def test_a_block_is_written_exactly(text: str, why: str) -> None:
    with pytest.raises(Invalid) as error:
        addressing.block(text)
    assert reason(error) == why


@pytest.mark.parametrize("text", ["fa:16:3e:00:00", "01:00:5e:00:00:01", "00:00:00:00:00:00", "fa:16:3e:00:00:zz"])
def test_a_nic_has_a_mac_of_its_own(text: str) -> None:
    with pytest.raises(Invalid) as error:
        addressing.mac(text)
    assert reason(error) == "not_mac"


def test_macs_are_written_one_way() -> None:
    assert addressing.mac("FA-16-3E-00-00-0A") == "fa:16:3e:00:00:0a"
    assert addressing.mac_of(0xABCDEF) == "fa:16:3e:ab:cd:ef"


def test_the_longest_free_address_comes_first() -> None:
    pools = (Pool("10.0.0.2", "10.0.0.4"), Pool("10.0.0.8", "10.0.0.9"))
    taken = [claim("10.0.0.3", at=5.0), claim("10.0.0.4", at=1.0)]
    assert list(addressing.free_addresses(pools, taken)) == ["10.0.0.8", "10.0.0.9", "10.0.0.2"]
    assert next(addressing.free_addresses(pools, [])) == "10.0.0.2"
    outside = [claim("10.0.0.200", at=9.0)]
    assert next(addressing.free_addresses(pools, outside)) == "10.0.0.2"


@given(st.sets(st.integers(1, 14)), st.integers(0, 14))
def test_free_addresses_are_all_that_are_not_taken(taken: set[int], last: int) -> None:
    block = ip_network("10.0.0.0/28")
    claims = [claim(str(block[n]), at=float(n == last)) for n in taken]
    free = list(addressing.free_addresses((Pool(str(block[1]), str(block[14])),), claims))
    assert sorted(map(ip_address, free)) == [block[n] for n in range(1, 15) if n not in taken]
    assert len(set(free)) == len(free)


@given(st.integers(0, 2**32 - 1), st.integers(8, 32), st.integers(0, 2**32 - 1), st.integers(8, 32))
def test_blocks_overlap_when_they_share_an_address(a: int, m: int, b: int, n: int) -> None:
    one, other = ip_network((a, m), strict=False), ip_network((b, n), strict=False)
    share = max(one[0], other[0]) <= min(one[-1], other[-1])
    assert (addressing.overlapping(one, [str(other)]) is not None) is share
