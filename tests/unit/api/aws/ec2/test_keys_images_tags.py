"""Key pairs, images, tags, regions, types, and who is calling, through boto3."""

from typing import Any

from tests.unit.api.aws.ec2.conftest import client, refused, run
from tests.usecase.cloud import Cloud

PUBLIC = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl a@b"


def test_key_pairs(ec2: Any, ami: str) -> None:
    made = ec2.create_key_pair(KeyName="k", KeyType="ed25519")
    assert made["KeyMaterial"].startswith("-----BEGIN OPENSSH PRIVATE KEY-----")
    taken = ec2.import_key_pair(KeyName="mine", PublicKeyMaterial=PUBLIC.encode())
    shown = {p["KeyName"]: p for p in ec2.describe_key_pairs()["KeyPairs"]}
    assert shown["mine"]["KeyFingerprint"] == taken["KeyFingerprint"]
    assert shown["k"]["KeyPairId"] == made["KeyPairId"]
    assert run(ec2, ami, KeyName="mine")[0]["KeyName"] == "mine"
    assert refused(ec2.create_key_pair, KeyName="k") == "InvalidKeyPair.Duplicate"
    assert refused(ec2.import_key_pair, KeyName="x", PublicKeyMaterial=b"odd") == "InvalidKey.Format"
    assert refused(ec2.describe_key_pairs, KeyNames=["nobody"]) == "InvalidKeyPair.NotFound"
    named = ec2.describe_key_pairs(KeyNames=["mine"], IncludePublicKey=True)["KeyPairs"]
    assert named[0]["PublicKey"] == PUBLIC
    ec2.delete_key_pair(KeyPairId=made["KeyPairId"])
    ec2.delete_key_pair(KeyName="k")
    assert [p["KeyName"] for p in ec2.describe_key_pairs()["KeyPairs"]] == ["mine"]


def test_images(ec2: Any, session: Any, url: str, cloud: Cloud, ami: str) -> None:
    shown = ec2.describe_images(Owners=["self"])["Images"]
    assert [(i["ImageId"], i["Name"], i["State"], i["Public"]) for i in shown] == [(ami, "blank", "available", True)]
    assert ec2.describe_images(Owners=["amazon"])["Images"] == []
    assert ec2.describe_images(Owners=[shown[0]["OwnerId"]], ImageIds=[ami])["Images"] == shown
    assert ec2.describe_images(Filters=[{"Name": "name", "Values": ["bl*"]}])["Images"] == shown
    assert refused(ec2.describe_images, ImageIds=["ami-0123456789abcdef0"]) == "InvalidAMIID.NotFound"
    mine = client(session, url, cloud, "ec2", admin=True)
    mine.modify_image_attribute(ImageId=ami, LaunchPermission={"Remove": [{"Group": "all"}]})
    attribute = mine.describe_image_attribute(ImageId=ami, Attribute="launchPermission")
    assert attribute["LaunchPermissions"] == []
    mine.modify_image_attribute(ImageId=ami, Description={"Value": "empty"})
    assert ec2.describe_images()["Images"][0]["Description"] == "empty"
    public = {"ImageId": ami, "LaunchPermission": {"Add": [{"Group": "all"}]}}
    assert refused(ec2.modify_image_attribute, **public) == "UnauthorizedOperation"
    mine.deregister_image(ImageId=ami)
    assert refused(ec2.describe_images, ImageIds=[ami]) == "InvalidAMIID.NotFound"


def test_tags(ec2: Any, ami: str) -> None:
    one = run(ec2, ami)[0]["InstanceId"]
    things = [
        one,
        ami,
        ec2.describe_vpcs()["Vpcs"][0]["VpcId"],
        ec2.describe_subnets()["Subnets"][0]["SubnetId"],
        ec2.describe_network_interfaces()["NetworkInterfaces"][0]["NetworkInterfaceId"],
        ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"],
        ec2.allocate_address()["AllocationId"],
        ec2.create_key_pair(KeyName="k")["KeyPairId"],
        ec2.describe_security_group_rules()["SecurityGroupRules"][0]["SecurityGroupRuleId"],
    ]
    ec2.create_tags(Resources=things, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}])
    found = ec2.describe_tags()["Tags"]
    assert {t["ResourceId"] for t in found} == set(things)
    assert len(found) == 2 * len(things)
    asked = [{"Name": "resource-type", "Values": ["vpc"]}, {"Name": "key", "Values": ["a"]}]
    assert [t["Value"] for t in ec2.describe_tags(Filters=asked)["Tags"]] == ["1"]
    by_tag = [{"Name": "tag:a", "Values": ["1"]}]
    for work, plural in (
        (ec2.describe_images, "Images"),
        (ec2.describe_vpcs, "Vpcs"),
        (ec2.describe_subnets, "Subnets"),
        (ec2.describe_network_interfaces, "NetworkInterfaces"),
        (ec2.describe_security_groups, "SecurityGroups"),
        (ec2.describe_addresses, "Addresses"),
        (ec2.describe_key_pairs, "KeyPairs"),
        (ec2.describe_security_group_rules, "SecurityGroupRules"),
    ):
        assert len(work(Filters=by_tag)[plural]) == 1, plural
    ec2.delete_tags(Resources=things[:1], Tags=[{"Key": "a", "Value": "other"}])
    ec2.delete_tags(Resources=things[1:], Tags=[{"Key": "a"}, {"Key": "b", "Value": ""}])
    assert [(t["ResourceId"], t["Key"]) for t in ec2.describe_tags()["Tags"]] == [(one, "a"), (one, "b")]
    pages = list(ec2.get_paginator("describe_tags").paginate(PaginationConfig={"PageSize": 1}))
    assert [t["Key"] for page in pages for t in page["Tags"]] == ["a", "b"]


def test_tags_that_are_none(ec2: Any, ami: str) -> None:
    def create(thing: str, key: str, value: str = "") -> str:
        return refused(ec2.create_tags, Resources=[thing], Tags=[{"Key": key, "Value": value}])

    assert create("i-0123456789abcdef0", "x") == "InvalidInstanceID.NotFound"
    assert create("odd-0123456789abcdef0", "x") == "InvalidParameterValue"
    one = run(ec2, ami)[0]["InstanceId"]
    assert create(one, "aws:x") == "InvalidParameterValue"
    assert create(one, "x" * 129) == "InvalidParameterValue"
    ec2.create_tags(Resources=[one], Tags=[{"Key": str(n), "Value": ""} for n in range(50)])
    assert create(one, "one more") == "InvalidParameterValue"
    assert len(ec2.describe_tags()["Tags"]) == 50


def test_regions_and_types(ec2: Any) -> None:
    assert [r["RegionName"] for r in ec2.describe_regions()["Regions"]] == ["RegionOne"]
    assert refused(ec2.describe_regions, RegionNames=["moon"]) == "InvalidParameterValue"
    zones = ec2.describe_availability_zones()["AvailabilityZones"]
    assert [(z["ZoneName"], z["State"], z["RegionName"]) for z in zones] == [("nova", "available", "RegionOne")]
    types = ec2.describe_instance_types()["InstanceTypes"]
    assert [t["InstanceType"] for t in types][:2] == ["m1.nano", "m1.micro"]
    assert types[0]["MemoryInfo"]["SizeInMiB"] == 128
    assert len(ec2.describe_instance_types(InstanceTypes=["m1.nano"])["InstanceTypes"]) == 1
    assert refused(ec2.describe_instance_types, InstanceTypes=["m9.huge"]) == "InvalidParameterValue"
    offered = ec2.describe_instance_type_offerings(Filters=[{"Name": "instance-type", "Values": ["m1.nano"]}])
    assert offered["InstanceTypeOfferings"] == [
        {"InstanceType": "m1.nano", "LocationType": "region", "Location": "RegionOne"}
    ]


def test_who_am_i(session: Any, url: str, cloud: Cloud) -> None:
    got = client(session, url, cloud, "sts").get_caller_identity()
    assert got["Arn"] == f"arn:aws:iam::{got['Account']}:user/demo"
    assert len(got["Account"]) == 12
