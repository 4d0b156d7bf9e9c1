"""Private VLANs: the roles of ports on such a network, and that there are none elsewhere."""

from typing import Any

from tests.usecase.networks.conftest import Neutron


def role(port: dict[str, Any]) -> tuple[str, str | None]:
    return port["pvlan_type"], port["pvlan_community"]


def test_ports_of_a_private_network_have_roles(neutron: Neutron) -> None:
    network = neutron.make("networks", pvlan=True)
    assert network["pvlan"] is True
    one = neutron.make("ports", network_id=network["id"])
    assert role(one) == ("promiscuous", None)
    alone = neutron.make("ports", network_id=network["id"], pvlan_type="isolated")
    assert role(alone) == ("isolated", None)
    path = f"ports/{alone['id']}"
    assert role(neutron.change(path, pvlan_type="community", pvlan_community="web_1")) == ("community", "web_1")
    assert role(neutron.get(path)["port"]) == ("community", "web_1")
    assert role(neutron.change(path, name="a")) == ("community", "web_1")
    assert role(neutron.change(path, pvlan_type="promiscuous")) == ("promiscuous", None)


def test_roles_that_are_none_are_refused(neutron: Neutron) -> None:
    private = neutron.make("networks", pvlan=True)["id"]
    common = neutron.make("networks")["id"]
    assert "pvlan_type" not in neutron.make("ports", network_id=common)

    def refused(network: str, **wish: Any) -> int:
        return neutron.refused("POST", "ports", {"port": {"network_id": network, **wish}})[0]

    for community in ("bad name!", "1community", ""):
        assert refused(private, pvlan_type="community", pvlan_community=community) == 400
    assert refused(private, pvlan_type="community") == 400
    assert refused(private, pvlan_type="isolated", pvlan_community="web") == 400
    assert refused(private, pvlan_type="some") == 400
    assert refused(common, pvlan_type="isolated") == 400
