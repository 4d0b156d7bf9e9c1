"""A first day with each client: the command line, the SDK, boto3; and what one made, the other finds."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.conformance.conftest import HOSTS, SimulatedCloud

pytestmark = [pytest.mark.filterwarnings("ignore")]


def until(seen: Callable[[], bool], within_s: float = 90.0) -> None:
    end = time.monotonic() + within_s
    while not seen():
        assert time.monotonic() < end, "not within the time"
        time.sleep(0.1)


def test_the_command_line_client_takes_the_readmes_tour(cloud: SimulatedCloud) -> None:
    """README's two minutes, without the way in: a simulated guest runs no sshd."""
    for line in (
        "network create web",
        "subnet create --network web --subnet-range 10.8.0.0/24 web",
        "router add subnet router web",
        "security group create web",
        "security group rule create --proto tcp --dst-port 22 web",
        "keypair create web",
        "server create --image tiny --flavor m1.nano --network web --security-group web --key-name web --wait first",
    ):
        cloud.openstack(*line.split())
    port = cloud.openstack("port", "list", "--server", "first", "-f", "value", "-c", "ID").strip()
    public = json.loads(cloud.openstack("floating", "ip", "create", "public", "--port", port, "-f", "json"))
    shown = json.loads(cloud.openstack("server", "show", "first", "-f", "json"))
    assert shown["status"] == "ACTIVE"
    assert public["floating_ip_address"] in shown["addresses"]["web"]
    cloud.openstack("console", "log", "show", "first")
    cloud.openstack("server", "delete", "--wait", "first")
    assert json.loads(cloud.openstack("server", "list", "-f", "json")) == []


def test_the_sdk_runs_a_server_of_its_own_image_through_its_life(cloud: SimulatedCloud) -> None:
    sky = cloud.connect()
    image = sky.image.create_image(
        name="noise", disk_format="raw", container_format="bare", data=b"\7" * (1 << 20), wait=True
    )
    assert sky.image.get_image(image.id).status == "active"
    assert b"".join(sky.image.download_image(image, stream=True).iter_content(1 << 16)) == b"\7" * (1 << 20)
    server = sky.create_server("sdk", image=image.id, flavor="m1.nano", network="private", wait=True, auto_ip=False)
    assert server.status == "ACTIVE"
    sky.compute.set_server_metadata(server, colour="red")
    sky.compute.stop_server(server)
    sky.compute.wait_for_server(server, status="SHUTOFF", interval=0.2, wait=30)
    sky.compute.start_server(server)
    sky.compute.wait_for_server(server, status="ACTIVE", interval=0.2, wait=30)
    assert sky.compute.get_server(server.id).metadata == {"colour": "red"}
    assert {a.action for a in sky.compute.server_actions(server)} >= {"create", "start", "stop"}
    sky.delete_server(server.id, wait=True)
    sky.image.delete_image(image.id)


def test_lists_are_paged_and_filtered_by_the_sdk(cloud: SimulatedCloud) -> None:
    sky = cloud.connect()
    names = [f"page-{n}" for n in range(5)]
    made = [sky.network.create_network(name=name) for name in names]
    paged = [n.name for n in sky.network.networks(limit=2, sort_key="name") if n.name in names]
    assert paged == names
    assert [n.id for n in sky.network.networks(name="page-3")] == [made[3].id]
    for network in made:
        sky.network.delete_network(network)


def test_boto3_runs_an_instance_that_openstack_finds(cloud: SimulatedCloud) -> None:
    ec2, sky = cloud.ec2(), cloud.connect()
    image = next(i["ImageId"] for i in ec2.describe_images()["Images"] if i["Name"] == "tiny")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    ran = ec2.run_instances(ImageId=image, InstanceType="m1.nano", MinCount=1, MaxCount=1, SubnetId=subnet)
    one = ran["Instances"][0]["InstanceId"]
    ec2.create_tags(Resources=[one], Tags=[{"Key": "Name", "Value": "both"}])
    until(lambda: state(ec2, one) == "running")
    address = described(ec2, one)["PrivateIpAddress"]
    same = [s for s in sky.compute.servers() if address in str(s.addresses)]
    assert [s.status for s in same] == ["ACTIVE"]
    sky.compute.stop_server(same[0])
    until(lambda: state(ec2, one) == "stopped")
    ec2.terminate_instances(InstanceIds=[one])
    until(lambda: state(ec2, one) == "terminated")
    assert same[0].id not in {s.id for s in sky.compute.servers()}


def test_refusals_are_each_clients_own(cloud: SimulatedCloud) -> None:
    sky = cloud.connect()
    missing = "00000000-0000-4000-8000-000000000000"
    assert sky.compute.find_server(missing, ignore_missing=True) is None
    assert sky.network.find_network("no such", ignore_missing=True) is None
    with pytest.raises(ClientError) as refused:
        cloud.ec2().describe_instances(InstanceIds=["i-00000000000000000"])
    assert refused.value.response["Error"]["Code"] == "InvalidInstanceID.NotFound"


def test_operators_see_the_hosts(cloud: SimulatedCloud) -> None:
    sky = cloud.connect("kumoi-admin")
    assert len(list(sky.compute.hypervisors())) == HOSTS
    assert {s.state for s in sky.compute.services()} == {"up"}


def described(ec2: Any, instance_id: str) -> dict[str, Any]:
    found = ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]
    return dict(found)


def state(ec2: Any, instance_id: str) -> str:
    return str(described(ec2, instance_id)["State"]["Name"])
