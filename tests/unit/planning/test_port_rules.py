"""What a kernel's loaded rules say of one port."""

import msgspec
from tests.contract.network.explained import GOLDEN, Golden

from kumoi.planning.explain.ports import of_port


def test_a_filtered_port_shows_its_addresses_and_its_groups_rules() -> None:
    golden = msgspec.json.decode(GOLDEN.read_bytes(), type=Golden)
    home = golden.picture.room("")
    assert home is not None
    found = of_port(home.rules or (), golden.picture.taps[golden.a])
    nic = golden.wished.nics[golden.a]
    assert (found.state, found.mark) == ("filtered", nic.mark)
    assert (nic.mac, "10.0.1.11") in found.senders
    chains = dict(found.ways["ingress"])
    first = next(iter(chains.values()))
    assert [text for text in first if text.startswith("jump")] == [f"jump g-{g}-in" for g in sorted(nic.group_ids)]
    assert any("tcp dport 80 accept" in text for texts in chains.values() for text in texts)


def test_a_port_that_the_filter_does_not_know_is_said_to_be_unknown() -> None:
    golden = msgspec.json.decode(GOLDEN.read_bytes(), type=Golden)
    home = golden.picture.room("")
    assert home is not None
    assert of_port(home.rules or (), "tapdeadbeef-00").state == "unknown"
