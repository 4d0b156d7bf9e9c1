"""One row, both views: what is made in one tongue is shown by the other, and both mean the same."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.unit.api.edge.asgi_client import call
from tests.usecase.cloud import Cloud

from kumoi.api.aws.ec2 import tongue as ec2
from kumoi.api.edge.app import Edge
from kumoi.api.edge.request import Request
from kumoi.api.edge.routes import Tongue
from kumoi.api.openstack.catalog import Site
from kumoi.api.openstack.compute.tongue import tongue as compute
from kumoi.api.openstack.network import tongue as network
from kumoi.core.errors import Invalid, Unsupported
from kumoi.core.ids import ec2_id

SCOPE = {"method": "POST", "raw_path": b"/ec2", "query_string": b"", "headers": [], "scheme": "http"}


class Both:
    """The demo user in both tongues: OpenStack's over HTTP, EC2 by its handlers (its wire is tested elsewhere)."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.image = cloud.image()
        site = Site(public_url="http://cloud", region="RegionOne")
        spoken = [self._known(compute(cloud.house, site)), self._known(network(cloud.house, site))]
        self._edge = Edge(spoken, now=cloud.clock.now, new_id=cloud.chance.uuid)
        self._actions = {a.name: a.handler for a in ec2.actions(cloud.house)}

    def _known(self, tongue: Tongue) -> Tongue:
        return msgspec.structs.replace(tongue, authenticate=lambda _request: self.cloud.call().actor)

    def nova(self, method: str, path: str, body: Any = None) -> Any:
        return self._openstack(method, f"/compute/v2.1{path}", body)

    def neutron(self, method: str, path: str, body: Any = None) -> Any:
        return self._openstack(method, f"/network/v2.0{path}", body)

    def _openstack(self, method: str, path: str, body: Any) -> Any:
        raw = None if body is None else msgspec.json.encode(body)
        answer = asyncio.run(self._ask(method, path, raw))
        assert answer.status < 300, answer.body
        return answer.json() if answer.body else None

    async def _ask(self, method: str, path: str, raw: bytes | None) -> Any:
        try:
            return await call(self._edge, method, path, (), raw)
        finally:
            self._edge.close()

    def ec2(self, operation: str, **wish: Any) -> Any:
        request = Request(SCOPE, {}, "req-test", self.cloud.clock.now())
        request.actor = self.cloud.call().actor
        return self._actions[operation](request, wish)

    def servers(self) -> dict[str, dict[str, Any]]:
        return {s["id"]: s for s in self.nova("GET", "/servers/detail")["servers"]}

    def instances(self) -> dict[str, dict[str, Any]]:
        found = self.ec2("DescribeInstances")["Reservations"]
        return {i["InstanceId"]: i for r in found for i in r["Instances"]}

    def image_named(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = next(i for i in self.ec2("DescribeImages")["Images"] if i["Name"] == name)
        return found

    def run(self) -> str:
        wish = {"ImageId": ec2_id("ami", self.image), "InstanceType": "m1.nano", "MinCount": 1, "MaxCount": 1}
        instance_id: str = self.ec2("RunInstances", **wish)["Instances"][0]["InstanceId"]
        return instance_id

    def boot(self) -> str:
        server = {"name": "web", "flavorRef": "1", "imageRef": self.image}
        server_id: str = self.nova("POST", "/servers", {"server": server})["server"]["id"]
        return server_id


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Both]:
    cloud = Cloud(tmp_path)
    cloud.settle()
    yield Both(cloud)
    cloud.close()


def test_a_server_is_an_instance(both: Both) -> None:
    server_id = both.boot()
    both.cloud.settle()
    server, instance = both.servers()[server_id], both.instances()[ec2_id("i", server_id)]
    assert (server["status"], instance["State"]["Name"]) == ("ACTIVE", "running")
    addresses = [a["addr"] for found in server["addresses"].values() for a in found]
    assert addresses == [instance["PrivateIpAddress"]]
    assert instance["ImageId"] == ec2_id("ami", server["image"]["id"])
    assert [g["GroupName"] for g in instance["SecurityGroups"]] == [g["name"] for g in server["security_groups"]]


def test_an_instance_is_a_server(both: Both) -> None:
    instance_id = both.run()
    server = next(iter(both.servers().values()))
    assert ec2_id("i", server["id"]) == instance_id == server["name"]
    assert server["status"] == "BUILD"


@pytest.mark.parametrize(
    ("operation", "wait_s", "status", "state"),
    [
        ("StopInstances", 0, "ACTIVE", "stopping"),
        ("StopInstances", 90, "SHUTOFF", "stopped"),
        ("RebootInstances", 0, "REBOOT", "running"),
        ("RebootInstances", 15, "ACTIVE", "running"),
    ],
)
def test_power_by_ec2_is_seen_in_nova(both: Both, operation: str, wait_s: float, status: str, state: str) -> None:
    instance_id = both.run()
    both.cloud.settle()
    both.ec2(operation, InstanceIds=[instance_id])
    if wait_s:
        both.cloud.settle(wait_s)
    assert next(iter(both.servers().values()))["status"] == status
    assert both.instances()[instance_id]["State"]["Name"] == state


def test_power_by_nova_is_seen_in_ec2(both: Both) -> None:
    server_id = both.boot()
    both.cloud.settle()
    both.nova("POST", f"/servers/{server_id}/action", {"os-stop": None})
    both.cloud.settle(90)
    assert both.instances()[ec2_id("i", server_id)]["State"]["Name"] == "stopped"
    both.ec2("StartInstances", InstanceIds=[ec2_id("i", server_id)])
    both.cloud.settle()
    assert both.servers()[server_id]["status"] == "ACTIVE"


def test_an_image_by_nova_is_pending_and_then_available_in_ec2(both: Both) -> None:
    server_id = both.boot()
    both.cloud.settle()
    both.nova("POST", f"/servers/{server_id}/action", {"createImage": {"name": "mine", "metadata": {"a": "b"}}})
    assert both.servers()[server_id]["OS-EXT-STS:task_state"] == "image_snapshot"
    assert both.image_named("mine")["State"] == "pending"
    both.cloud.settle()
    assert both.servers()[server_id]["OS-EXT-STS:task_state"] is None
    assert both.image_named("mine")["State"] == "available"
    backup = {"name": "kept", "backup_type": "daily", "rotation": "1", "metadata": {}}
    both.nova("POST", f"/servers/{server_id}/action", {"createBackup": backup})
    assert both.servers()[server_id]["OS-EXT-STS:task_state"] == "image_backup"


def test_an_image_by_ec2_is_a_snapshot_in_nova(both: Both) -> None:
    instance_id = both.run()
    both.cloud.settle()
    tags = [{"ResourceType": "image", "Tags": [{"Key": "k", "Value": "v"}]}]
    made = both.ec2(
        "CreateImage", InstanceId=instance_id, Name="mine", Description="of it", TagSpecifications=tags
    )  # fmt: skip
    server_id, server = next(iter(both.servers().items()))
    assert server["OS-EXT-STS:task_state"] == "image_snapshot"
    both.cloud.settle()
    shown = both.image_named("mine")
    assert (shown["ImageId"], shown["State"], shown["Description"]) == (made["ImageId"], "available", "of it")
    assert shown["Tags"] == [{"Key": "k", "Value": "v"}]
    [image] = both.nova("GET", f"/images/detail?server={server_id}")["images"]
    assert (image["status"], image["server"]["id"]) == ("ACTIVE", server_id)
    assert image["metadata"]["image_type"] == "snapshot"
    with pytest.raises(Unsupported):
        both.ec2("CreateImage", InstanceId=instance_id, Name="mine", BlockDeviceMappings=[{"DeviceName": "/dev/vda"}])
    with pytest.raises(Invalid):
        both.ec2("CreateImage", InstanceId=instance_id, Name="it")


def test_what_one_deletes_the_other_does_not_have(both: Both) -> None:
    server_id, instance_id = both.boot(), both.run()
    both.cloud.settle()
    both.nova("DELETE", f"/servers/{server_id}")
    both.ec2("TerminateInstances", InstanceIds=[instance_id])
    assert both.servers() == {}
    assert {i["State"]["Name"] for i in both.instances().values()} == {"shutting-down"}
    both.cloud.settle()
    assert {i["State"]["Name"] for i in both.instances().values()} == {"terminated"}


def test_groups_and_their_rules(both: Both) -> None:
    wish = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    group = both.ec2("CreateSecurityGroup", GroupName="web", Description="d")["GroupId"]
    both.ec2("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[wish])
    found = both.neutron("GET", "/security-groups?name=web")["security_groups"][0]
    assert ec2_id("sg", found["id"]) == group
    inward = [r for r in found["security_group_rules"] if r["direction"] == "ingress"]
    assert [(r["protocol"], r["port_range_min"], r["remote_ip_prefix"]) for r in inward] == [("tcp", 22, "10.0.0.0/8")]
    rule = {"security_group_id": found["id"], "direction": "ingress", "protocol": "icmp"}
    both.neutron("POST", "/security-group-rules", {"security_group_rule": rule})
    shown = both.ec2("DescribeSecurityGroups", GroupIds=[group])["SecurityGroups"][0]["IpPermissions"]
    ranges = {p["IpProtocol"]: p["IpRanges"] for p in shown}
    assert ranges == {"tcp": [{"CidrIp": "10.0.0.0/8"}], "icmp": [{"CidrIp": "0.0.0.0/0"}]}


def test_addresses(both: Both) -> None:
    instance_id = both.run()
    held = both.ec2("AllocateAddress")
    both.ec2("AssociateAddress", AllocationId=held["AllocationId"], InstanceId=instance_id)
    floating = both.neutron("GET", "/floatingips")["floatingips"]
    assert [f["floating_ip_address"] for f in floating] == [held["PublicIp"]]
    server = next(iter(both.servers().values()))
    assert [a["addr"] for found in server["addresses"].values() for a in found][1] == held["PublicIp"]
    both.neutron("PUT", f"/floatingips/{floating[0]['id']}", {"floatingip": {"port_id": None}})
    assert "InstanceId" not in both.ec2("DescribeAddresses")["Addresses"][0]


def test_keys(both: Both) -> None:
    both.ec2("CreateKeyPair", KeyName="k")
    assert [k["keypair"]["name"] for k in both.nova("GET", "/os-keypairs")["keypairs"]] == ["k"]


def test_tags_of_the_tongues_are_apart(both: Both) -> None:
    """EC2's tags, Nova's metadata and Nova's tags differ in their rules: none is another."""
    server_id = both.boot()
    both.ec2("CreateTags", Resources=[ec2_id("i", server_id)], Tags=[{"Key": "stage", "Value": "test"}])
    both.nova("POST", f"/servers/{server_id}/metadata", {"metadata": {"stage": "nova"}})
    assert both.instances()[ec2_id("i", server_id)]["Tags"] == [{"Key": "stage", "Value": "test"}]
    assert both.servers()[server_id]["metadata"] == {"stage": "nova"}


def test_nics_that_come_and_go(both: Both) -> None:
    server_id = both.boot()
    both.cloud.settle()
    instance = ec2_id("i", server_id)
    network = both.nova("GET", f"/servers/{server_id}/os-interface")["interfaceAttachments"][0]["net_id"]
    wanted = {"interfaceAttachment": {"net_id": network}}
    second = both.nova("POST", f"/servers/{server_id}/os-interface", wanted)["interfaceAttachment"]
    eni = both.ec2("CreateNetworkInterface", SubnetId=ec2_id("subnet", second["fixed_ips"][0]["subnet_id"]))
    nic = eni["NetworkInterface"]["NetworkInterfaceId"]
    attachment = both.ec2("AttachNetworkInterface", NetworkInterfaceId=nic, InstanceId=instance, DeviceIndex=5)
    both.cloud.settle()
    shown = both.nova("GET", f"/servers/{server_id}/os-interface")["interfaceAttachments"]
    assert [i["port_state"] for i in shown] == ["ACTIVE"] * 3
    indices = [i["Attachment"]["DeviceIndex"] for i in both.instances()[instance]["NetworkInterfaces"]]
    assert indices == [0, 1, 5]
    machine = both.cloud.world.machines[server_id]  # type: ignore[index]
    assert {plug.mac for plug in machine.plugged.values()} == {i["mac_addr"] for i in shown}
    both.ec2("DetachNetworkInterface", AttachmentId=attachment["AttachmentId"])
    both.nova("DELETE", f"/servers/{server_id}/os-interface/{second['port_id']}")
    both.cloud.settle()
    assert len(machine.plugged) == 1
    left = {p["id"]: p["status"] for p in both.neutron("GET", "/ports")["ports"] if p["device_owner"] != "network:dhcp"}
    assert second["port_id"] not in left, "what was made for the server goes with its plug"
    found = both.ec2("DescribeNetworkInterfaces", NetworkInterfaceIds=[nic])["NetworkInterfaces"][0]
    assert (found["Status"], found["Attachment"]) == ("available", None)
    assert machine.run == 1


# --- volumes ------------------------------------------------------------------------------------------


def test_a_volume_is_the_same_in_both_tongues(both: Both) -> None:
    cloud = both.cloud
    made = both.ec2("CreateVolume", Size=1, AvailabilityZone="nova", TagSpecifications=[
        {"ResourceType": "volume", "Tags": [{"Key": "k", "Value": "v"}]}
    ])  # fmt: skip
    cloud.settle()
    (instance,) = both.ec2("RunInstances", ImageId=ec2_id("ami", both.image), MinCount=1, MaxCount=1)["Instances"]
    cloud.settle()
    names = {"VolumeId": made["VolumeId"], "InstanceId": instance["InstanceId"]}
    assert both.ec2("AttachVolume", Device="/dev/sdf", **names)["State"] == "attaching"
    cloud.settle()
    (shown,) = both.ec2("DescribeVolumes", Filters=[{"Name": "status", "Values": ["in-use"]}])["Volumes"]
    assert (shown["VolumeId"], shown["Attachments"][0]["Device"]) == (made["VolumeId"], "/dev/vdf")
    (server,) = both.nova("GET", "/servers/detail")["servers"]
    (one,) = server["os-extended-volumes:volumes_attached"]
    assert ec2_id("vol", one["id"]) == made["VolumeId"]
    snapshot = both.ec2("CreateSnapshot", VolumeId=made["VolumeId"])
    assert snapshot["State"] == "pending"
    assert both.ec2("DetachVolume", VolumeId=made["VolumeId"])["State"] == "detaching"
    cloud.settle()
    both.ec2("DeleteVolume", VolumeId=made["VolumeId"])
    cloud.settle()
    assert both.ec2("DescribeVolumes")["Volumes"] == []
    again = both.ec2("CreateVolume", SnapshotId=snapshot["SnapshotId"], AvailabilityZone="nova")
    cloud.settle()
    assert both.ec2("DescribeVolumes", VolumeIds=[again["VolumeId"]])["Volumes"][0]["State"] == "available"
    (left,) = both.ec2("DescribeSnapshots", OwnerIds=["self"])["Snapshots"]
    assert (left["State"], left["VolumeId"]) == ("completed", made["VolumeId"])
