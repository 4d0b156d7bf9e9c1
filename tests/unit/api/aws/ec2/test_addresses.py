"""Elastic IPs through boto3."""

from typing import Any

from tests.unit.api.aws.ec2.conftest import described, refused, run


def test_an_address_leads_to_an_instance(ec2: Any, ami: str) -> None:
    one = run(ec2, ami)[0]
    held = ec2.allocate_address(Domain="vpc")
    assert held["PublicIp"].startswith("172.24.4.")
    led = ec2.associate_address(AllocationId=held["AllocationId"], InstanceId=one["InstanceId"])
    shown = ec2.describe_addresses()["Addresses"][0]
    assert shown["AssociationId"] == led["AssociationId"]
    assert (shown["InstanceId"], shown["PrivateIpAddress"]) == (one["InstanceId"], one["PrivateIpAddress"])
    seen = described(ec2)[0]
    assert seen["PublicIpAddress"] == seen["NetworkInterfaces"][0]["Association"]["PublicIp"] == held["PublicIp"]
    eni = ec2.describe_network_interfaces(Filters=[{"Name": "association.public-ip", "Values": [held["PublicIp"]]}])[
        "NetworkInterfaces"
    ]
    assert eni[0]["Attachment"]["InstanceId"] == one["InstanceId"]
    assert refused(ec2.release_address, AllocationId=held["AllocationId"]) == "InvalidIPAddress.InUse"
    ec2.disassociate_address(AssociationId=led["AssociationId"])
    assert refused(ec2.disassociate_address, AssociationId=led["AssociationId"]) == "InvalidAssociationID.NotFound"
    assert "InstanceId" not in ec2.describe_addresses(PublicIps=[held["PublicIp"]])["Addresses"][0]
    ec2.release_address(AllocationId=held["AllocationId"])
    assert ec2.describe_addresses()["Addresses"] == []
    assert refused(ec2.describe_addresses, AllocationIds=[held["AllocationId"]]) == "InvalidAllocationID.NotFound"
    assert refused(ec2.describe_addresses, PublicIps=[held["PublicIp"]]) == "InvalidAddress.NotFound"


def test_the_former_address_returns(ec2: Any, ami: str) -> None:
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    nic = {"DeviceIndex": 0, "SubnetId": subnet, "AssociatePublicIpAddress": True}
    one = run(ec2, ami, NetworkInterfaces=[nic])[0]["InstanceId"]

    def shown() -> Any:
        seen = described(ec2)[0]
        return seen["NetworkInterfaces"][0]["Association"]["PublicIp"], seen["PublicIpAddress"]

    former = shown()[0]
    assert shown() == (former, former)
    assert ec2.describe_addresses()["Addresses"] == []
    assert refused(ec2.associate_address, PublicIp=former, InstanceId=one) == "InvalidAddress.NotFound"
    held = ec2.allocate_address(Domain="vpc")
    led = ec2.associate_address(AllocationId=held["AllocationId"], InstanceId=one)["AssociationId"]
    assert shown() == (held["PublicIp"], held["PublicIp"])
    ec2.disassociate_address(AssociationId=led)
    assert shown() == (former, former)


def test_a_subnet_gives_public_addresses(ec2: Any, ami: str) -> None:
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    assert refused(ec2.modify_subnet_attribute, SubnetId=subnet) == "MissingParameter"
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    assert ec2.describe_subnets()["Subnets"][0]["MapPublicIpOnLaunch"] is True
    run(ec2, ami, SubnetId=subnet)
    without = {"DeviceIndex": 0, "SubnetId": subnet, "AssociatePublicIpAddress": False}
    run(ec2, ami, NetworkInterfaces=[without])
    assert sorted("PublicIpAddress" in one for one in described(ec2)) == [False, True]


def test_reassociation(ec2: Any, ami: str) -> None:
    first, second = run(ec2, ami, 2)
    held = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.associate_address(AllocationId=held, InstanceId=first["InstanceId"])
    there = {"AllocationId": held, "InstanceId": second["InstanceId"]}
    assert refused(ec2.associate_address, **there, AllowReassociation=False) == "Resource.AlreadyAssociated"
    ec2.associate_address(**there)
    assert ec2.describe_addresses()["Addresses"][0]["InstanceId"] == second["InstanceId"]
    ec2.terminate_instances(InstanceIds=[second["InstanceId"]])
    assert "AssociationId" not in ec2.describe_addresses()["Addresses"][0]
    gone = {"AllocationId": held, "InstanceId": second["InstanceId"]}
    assert refused(ec2.associate_address, **gone) == "IncorrectInstanceState"
    assert refused(ec2.associate_address, AllocationId=held) == "MissingParameter"
    assert refused(ec2.associate_address, InstanceId=first["InstanceId"]) == "MissingParameter"
    assert refused(ec2.allocate_address, Domain="moon") == "InvalidParameterValue"
