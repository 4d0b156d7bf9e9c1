"""Instances through boto3: run, look, power, terminate."""

import base64
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from msgspec import structs
from tests.unit.api.aws.ec2.conftest import described, refused, run
from tests.usecase.cloud import Cloud

from kumoi.api.aws.ec2.instances import rows
from kumoi.app.instances import run as doors
from kumoi.app.instances.wish import RunWish
from kumoi.app.writing import open_quota
from kumoi.core.errors import NotFound
from kumoi.core.ids import FlavorId, ImageId, ProjectId, ec2_id
from kumoi.core.query import Query

NOWHERE = "i-0123456789abcdef0"


def names(found: list[dict[str, Any]]) -> list[str]:
    return [i["State"]["Name"] for i in found]


def image_id(cloud: Cloud) -> ImageId:
    return ImageId(cloud.store.read(lambda tx: tx.images.find(Query()))[0].id)


def test_an_instance_from_pending_to_terminated(cloud: Cloud, ec2: Any, ami: str) -> None:
    tags = [{"Key": "Name", "Value": "雲"}, {"Key": "stage", "Value": ""}]
    one = run(ec2, ami, TagSpecifications=[{"ResourceType": "instance", "Tags": tags}])[0]
    assert one["State"] == {"Code": 0, "Name": "pending"}
    assert (one["ImageId"], one["InstanceType"], one["Tags"]) == (ami, "m1.nano", tags)
    cloud.settle()
    found = described(ec2, InstanceIds=[one["InstanceId"]])[0]
    assert found["State"] == {"Code": 16, "Name": "running"}
    assert found["PrivateIpAddress"].startswith("10.0.0.")
    assert found["SubnetId"].startswith("subnet-")
    assert found["NetworkInterfaces"][0]["VpcId"] == found["VpcId"]
    assert [g["GroupName"] for g in found["SecurityGroups"]] == ["default"]
    gone = ec2.terminate_instances(InstanceIds=[one["InstanceId"]])["TerminatingInstances"][0]
    assert (gone["PreviousState"]["Name"], gone["CurrentState"]["Name"]) == ("running", "shutting-down")
    cloud.settle()
    found = described(ec2)[0]
    assert found["State"] == {"Code": 48, "Name": "terminated"}
    assert found["StateReason"]["Code"] == "Client.UserInitiatedShutdown"
    again = ec2.terminate_instances(InstanceIds=[one["InstanceId"]])["TerminatingInstances"][0]
    assert (again["PreviousState"]["Name"], again["CurrentState"]["Name"]) == ("terminated", "terminated")
    assert refused(ec2.start_instances, InstanceIds=[one["InstanceId"]]) == "IncorrectInstanceState"


def test_power(cloud: Cloud, ec2: Any, ami: str) -> None:
    ids = [i["InstanceId"] for i in run(ec2, ami, 2)]
    cloud.settle()
    changed = ec2.stop_instances(InstanceIds=ids)["StoppingInstances"]
    assert {(c["PreviousState"]["Name"], c["CurrentState"]["Name"]) for c in changed} == {("running", "stopping")}
    cloud.settle(90)
    found = described(ec2, InstanceIds=ids)
    assert names(found) == ["stopped", "stopped"]
    assert found[0]["StateTransitionReason"].startswith("User initiated (")
    assert ec2.stop_instances(InstanceIds=ids[:1])["StoppingInstances"][0]["CurrentState"]["Name"] == "stopped"
    assert refused(ec2.reboot_instances, InstanceIds=ids) == "IncorrectInstanceState"
    changed = ec2.start_instances(InstanceIds=ids)["StartingInstances"]
    assert {(c["PreviousState"]["Name"], c["CurrentState"]["Name"]) for c in changed} == {("stopped", "pending")}
    cloud.settle()
    ec2.reboot_instances(InstanceIds=ids)
    assert names(described(ec2)) == ["running", "running"]


def test_a_client_token_runs_once(cloud: Cloud, ec2: Any, ami: str) -> None:
    first = ec2.run_instances(ImageId=ami, InstanceType="m1.nano", MinCount=2, MaxCount=2, ClientToken="t-1")
    again = ec2.run_instances(ImageId=ami, InstanceType="m1.nano", MinCount=2, MaxCount=2, ClientToken="t-1")
    assert again["ReservationId"] == first["ReservationId"]
    assert [i["InstanceId"] for i in again["Instances"]] == [i["InstanceId"] for i in first["Instances"]]
    assert len(described(ec2)) == 2
    other = {"ImageId": ami, "InstanceType": "m1.micro", "MinCount": 2, "MaxCount": 2, "ClientToken": "t-1"}
    assert refused(ec2.run_instances, **other) == "IdempotentParameterMismatch"
    assert refused(ec2.run_instances, **(other | {"ClientToken": "雲"})) == "InvalidParameterValue"
    ec2.terminate_instances(InstanceIds=[i["InstanceId"] for i in first["Instances"]])
    again = ec2.run_instances(ImageId=ami, InstanceType="m1.nano", MinCount=2, MaxCount=2, ClientToken="t-1")
    assert again["ReservationId"] == first["ReservationId"]


def test_no_room_is_a_refusal_and_leaves_nothing(cloud: Cloud, ec2: Any, ami: str) -> None:
    assert len(run(ec2, ami, InstanceType="m1.medium")) == 1
    assert refused(ec2.run_instances, ImageId=ami, InstanceType="m1.large", MinCount=1, MaxCount=1) == (
        "InsufficientInstanceCapacity"
    )
    some = ec2.run_instances(ImageId=ami, InstanceType="m1.small", MinCount=1, MaxCount=4)
    assert 1 <= len(some["Instances"]) <= 2
    assert len(described(ec2)) == 1 + len(some["Instances"])


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"ImageId": "ami-0123456789abcdef0"}, "InvalidAMIID.NotFound"),
        ({"ImageId": "nonsense"}, "InvalidAMIID.Malformed"),
        ({"InstanceType": "m9.huge"}, "InvalidParameterValue"),
        ({"KeyName": "nobody"}, "InvalidKeyPair.NotFound"),
        ({"SecurityGroupIds": ["sg-0123456789abcdef0"]}, "InvalidGroup.NotFound"),
        ({"SecurityGroups": ["nobody"]}, "InvalidGroup.NotFound"),
        ({"SubnetId": "subnet-0123456789abcdef0"}, "InvalidSubnetID.NotFound"),
        ({"SubnetId": "nonsense"}, "InvalidSubnetID.Malformed"),
        ({"PrivateIpAddress": "192.0.2.1"}, "InvalidParameterValue"),
        ({"MinCount": 2, "MaxCount": 1}, "InvalidParameterValue"),
        ({"MinCount": 99, "MaxCount": 99}, "InstanceLimitExceeded"),
        ({"Placement": {"AvailabilityZone": "moon"}}, "InvalidParameterValue"),
        ({"UserData": "x" * 70000}, "RequestEntityTooLarge"),
        ({"IamInstanceProfile": {"Name": "x"}}, "UnsupportedOperation"),
        ({"DryRun": True}, "DryRunOperation"),
    ],
)
def test_what_run_refuses(ec2: Any, ami: str, wish: dict[str, Any], code: str) -> None:
    plain = {"ImageId": ami, "InstanceType": "m1.nano", "MinCount": 1, "MaxCount": 1}
    assert refused(ec2.run_instances, **(plain | wish)) == code
    assert described(ec2) == []


def test_nothing_is_not_wished(ec2: Any, ami: str) -> None:
    wish = {"Monitoring": {"Enabled": True}, "HibernationOptions": {"Configured": False}, "EbsOptimized": False}
    assert run(ec2, ami, **wish)


def test_interfaces(cloud: Cloud, ec2: Any, ami: str) -> None:
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    group = ec2.create_security_group(GroupName="web", Description="w")["GroupId"]
    interface = {
        "DeviceIndex": 0,
        "SubnetId": subnet,
        "Groups": [group],
        "PrivateIpAddress": "10.0.0.77",
        "DeleteOnTermination": False,
        "Description": "first",
    }
    one = run(ec2, ami, NetworkInterfaces=[interface])[0]
    assert (one["PrivateIpAddress"], one["SecurityGroups"]) == ("10.0.0.77", [{"GroupId": group, "GroupName": "web"}])
    eni = one["NetworkInterfaces"][0]
    assert (eni["Description"], eni["Attachment"]["DeleteOnTermination"]) == ("first", False)
    ec2.terminate_instances(InstanceIds=[one["InstanceId"]])
    kept = ec2.describe_network_interfaces()["NetworkInterfaces"]
    assert [(n["NetworkInterfaceId"], n["Status"]) for n in kept] == [(eni["NetworkInterfaceId"], "available")]
    again = run(ec2, ami, NetworkInterfaces=[{"DeviceIndex": 0, "NetworkInterfaceId": eni["NetworkInterfaceId"]}])[0]
    assert again["PrivateIpAddress"] == "10.0.0.77"


def test_filters_and_pages(cloud: Cloud, ec2: Any, ami: str) -> None:
    tagged = [{"ResourceType": "instance", "Tags": [{"Key": "role", "Value": "web-1"}]}]
    web = run(ec2, ami, 2, TagSpecifications=tagged)
    plain = run(ec2, ami, 3)
    cloud.settle()

    def ids(*filters: tuple[str, list[str]]) -> set[str]:
        asked = [{"Name": name, "Values": values} for name, values in filters]
        return {i["InstanceId"] for i in described(ec2, Filters=asked)}

    webs, all_five = {i["InstanceId"] for i in web}, {i["InstanceId"] for i in [*web, *plain]}
    assert ids(("tag:role", ["web-1"])) == ids(("tag:role", ["web-*"])) == ids(("tag-key", ["role"])) == webs
    assert ids(("tag:role", ["db", "web-?"]), ("instance-state-name", ["running"])) == webs
    assert ids(("tag:role", ["db"])) == ids(("instance-state-name", ["stopped"])) == set()
    assert ids(("instance-state-code", ["16"]), ("image-id", [ami])) == all_five
    address = described(ec2, InstanceIds=[plain[0]["InstanceId"]])[0]["PrivateIpAddress"]
    assert ids(("private-ip-address", [address])) == {plain[0]["InstanceId"]}
    assert ids(("network-interface.addresses.private-ip-address", [address])) == {plain[0]["InstanceId"]}
    assert refused(ec2.describe_instances, Filters=[{"Name": "odd", "Values": ["x"]}]) == "InvalidParameterValue"
    pages = list(ec2.get_paginator("describe_instances").paginate(PaginationConfig={"PageSize": 2}))
    got = [i["InstanceId"] for page in pages for r in page["Reservations"] for i in r["Instances"]]
    assert len(pages) == 3
    assert len(got) == 5
    assert set(got) == all_five
    assert refused(ec2.describe_instances, NextToken="odd!") == "InvalidParameterValue"


def test_ids_that_are_none(ec2: Any) -> None:
    assert refused(ec2.describe_instances, InstanceIds=[NOWHERE]) == "InvalidInstanceID.NotFound"
    assert refused(ec2.describe_instances, InstanceIds=["i-0123abcd"]) == "InvalidInstanceID.NotFound"
    assert refused(ec2.describe_instances, InstanceIds=["i-xyz"]) == "InvalidInstanceID.Malformed"
    assert refused(ec2.stop_instances, InstanceIds=[NOWHERE]) == "InvalidInstanceID.NotFound"
    assert refused(ec2.terminate_instances, InstanceIds=["ami-0123456789abcdef0"]) == "InvalidInstanceID.Malformed"


def test_user_data_and_attributes(ec2: Any, ami: str) -> None:
    one = run(ec2, ami, UserData="#!/bin/sh\n")[0]["InstanceId"]

    def attribute(name: str) -> dict[str, Any]:
        found: dict[str, Any] = ec2.describe_instance_attribute(InstanceId=one, Attribute=name)
        return found

    assert base64.b64decode(attribute("userData")["UserData"]["Value"]) == b"#!/bin/sh\n"
    assert attribute("instanceType")["InstanceType"]["Value"] == "m1.nano"
    assert attribute("groupSet")["Groups"][0]["GroupName"] == "default"
    assert attribute("disableApiTermination")["DisableApiTermination"]["Value"] is False
    assert refused(ec2.describe_instance_attribute, InstanceId=one, Attribute="odd") == "InvalidParameterValue"


def test_status(cloud: Cloud, ec2: Any, ami: str) -> None:
    one = run(ec2, ami)[0]["InstanceId"]
    assert ec2.describe_instance_status()["InstanceStatuses"] == []
    early = ec2.describe_instance_status(IncludeAllInstances=True)["InstanceStatuses"][0]
    assert (early["InstanceState"]["Name"], early["SystemStatus"]["Status"]) == ("pending", "initializing")
    cloud.settle()
    well = ec2.describe_instance_status(InstanceIds=[one])["InstanceStatuses"][0]
    assert (well["InstanceStatus"]["Status"], well["SystemStatus"]["Status"]) == ("ok", "ok")
    assert well["SystemStatus"]["Details"] == [{"Name": "reachability", "Status": "passed"}]
    assert refused(ec2.describe_instance_status, InstanceIds=[NOWHERE]) == "InvalidInstanceID.NotFound"


def test_console(cloud: Cloud, ec2: Any, ami: str) -> None:
    one = run(ec2, ami)[0]["InstanceId"]
    cloud.settle()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ec2.get_console_output, InstanceId=one)
        while not asked.done():
            cloud.settle(0.1)
    assert asked.result()["InstanceId"] == one
    assert asked.result()["Output"]


def test_what_nova_could_not_place_is_shown_stopped_with_its_reason(cloud: Cloud, ec2: Any, ami: str) -> None:
    wish = RunWish(name="big", flavor_id=FlavorId("6"), image_id=image_id(cloud), count_min=2, count_max=2)
    doors.run(cloud.house, cloud.call(), wish)
    found = [i for i in described(ec2) if i["State"]["Name"] == "stopped"]
    assert found[0]["StateReason"]["Code"] == "Server.InsufficientInstanceCapacity"
    assert "memory_mib" in found[0]["StateReason"]["Message"]


def test_another_projects_instance_is_not_there(cloud: Cloud, ec2: Any, ami: str) -> None:
    """Not even for an administrator: an account's view is its own project's."""
    actor = structs.replace(cloud.call(admin=True).actor, project_id=ProjectId("elsewhere"))
    call = structs.replace(cloud.call(), actor=actor)
    cloud.store.write(lambda tx: open_quota(tx, call.project_id))
    wish = RunWish(name="theirs", flavor_id=FlavorId("1"), image_id=image_id(cloud), nics=())
    theirs = doors.run(cloud.house, call, wish)[0]
    assert described(ec2) == []
    assert refused(ec2.terminate_instances, InstanceIds=[ec2_id("i", theirs.id)]) == "InvalidInstanceID.NotFound"


def test_terminated_ones_are_shown_for_their_time_only(cloud: Cloud, ec2: Any, ami: str) -> None:
    one = run(ec2, ami)[0]["InstanceId"]
    ec2.terminate_instances(InstanceIds=[one])
    call = cloud.call()
    shown = cloud.house.rules.terminated_shown_s
    assert rows(cloud.house, structs.replace(call, now=call.now + shown - 1), [one])
    with pytest.raises(NotFound):
        rows(cloud.house, structs.replace(call, now=call.now + shown + 1), [one])
