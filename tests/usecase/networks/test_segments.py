"""Segments: a network's only one, which the provider may name."""

from tests.usecase.networks.conftest import Neutron


def test_a_network_has_a_segment_that_is_named(neutron: Neutron) -> None:
    network = neutron.make("networks")["id"]
    tagged = {"provider:network_type": "vlan", "provider:physical_network": "office", "provider:segmentation_id": 42}
    other = neutron.make("networks", "admin", **tagged)["id"]
    (segment,) = neutron.get(f"segments?network_id={other}", "admin")["segments"]
    told = {key: segment[key] for key in ("network_type", "physical_network", "segmentation_id", "name")}
    assert told == {"network_type": "vlan", "physical_network": "office", "segmentation_id": 42, "name": ""}
    assert neutron.change(f"segments/{segment['id']}", "admin", name="floor 3")["name"] == "floor 3"
    (found,) = neutron.get("segments?name=floor 3".replace(" ", "%20"), "admin")["segments"]
    assert found["network_id"] == other
    assert neutron.refused("GET", f"segments/{network}") == (403, "PolicyNotAuthorized")
    neutron.drop(f"networks/{other}", "admin")
    assert neutron.refused("GET", f"segments/{segment['id']}", who="admin")[0] == 404
