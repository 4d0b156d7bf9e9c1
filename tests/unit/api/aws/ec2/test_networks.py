"""Subnets, VPCs and interfaces through boto3, as the founding of a cloud leaves them."""

from typing import Any

from tests.unit.api.aws.ec2.conftest import refused, run


def test_the_default_vpc_and_its_subnet(ec2: Any) -> None:
    vpc = ec2.describe_vpcs()["Vpcs"][0]
    assert (vpc["CidrBlock"], vpc["IsDefault"], vpc["State"]) == ("10.0.0.0/24", True, "available")
    subnet = ec2.describe_subnets()["Subnets"]
    assert [(s["CidrBlock"], s["VpcId"], s["DefaultForAz"]) for s in subnet] == [("10.0.0.0/24", vpc["VpcId"], True)]
    account = {a["AttributeName"]: a["AttributeValues"] for a in ec2.describe_account_attributes()["AccountAttributes"]}
    assert account["default-vpc"] == [{"AttributeValue": vpc["VpcId"]}]
    dns = ec2.describe_vpc_attribute(VpcId=vpc["VpcId"], Attribute="enableDnsSupport")
    assert dns["EnableDnsSupport"]["Value"] is True


def test_addresses_are_counted(ec2: Any, ami: str) -> None:
    def free() -> int:
        count: int = ec2.describe_subnets()["Subnets"][0]["AvailableIpAddressCount"]
        return count

    before = free()
    run(ec2, ami, 3)
    assert free() == before - 3


def test_ids_and_filters(ec2: Any) -> None:
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    by_vpc = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]
    assert ec2.describe_subnets(SubnetIds=[by_vpc[0]["SubnetId"]])["Subnets"] == by_vpc
    assert ec2.describe_vpcs(Filters=[{"Name": "isDefault", "Values": ["false"]}])["Vpcs"] == []
    assert refused(ec2.describe_vpcs, VpcIds=["vpc-0123456789abcdef0"]) == "InvalidVpcID.NotFound"
    assert refused(ec2.describe_subnets, SubnetIds=["vpc-0123456789abcdef0"]) == "InvalidSubnetID.Malformed"
    eni = "eni-0123456789abcdef0"
    assert refused(ec2.describe_network_interfaces, NetworkInterfaceIds=[eni]) == "InvalidNetworkInterfaceID.NotFound"


def test_interfaces_are_the_projects_own(ec2: Any, ami: str) -> None:
    """No leg of a router, no address of the provider, no service."""
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []
    one = run(ec2, ami)[0]
    eni = ec2.describe_network_interfaces()["NetworkInterfaces"]
    assert [n["Attachment"]["InstanceId"] for n in eni] == [one["InstanceId"]]
    assert eni[0]["NetworkInterfaceId"] == one["NetworkInterfaces"][0]["NetworkInterfaceId"]
    assert eni[0]["Groups"][0]["GroupName"] == "default"


def test_an_interface_made_by_itself(ec2: Any, ami: str) -> None:
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    asked = {"SubnetId": subnet, "PrivateIpAddress": "10.0.0.99", "Description": "spare"}
    made = ec2.create_network_interface(**asked)["NetworkInterface"]
    eni = made["NetworkInterfaceId"]
    assert (made["PrivateIpAddress"], made["Status"], made["Description"]) == ("10.0.0.99", "available", "spare")
    assert refused(ec2.create_network_interface, **asked) == "InvalidIPAddress.InUse"
    assert refused(ec2.create_network_interface, SubnetId=subnet, Ipv6AddressCount=1) == "UnsupportedOperation"
    group = ec2.create_security_group(GroupName="g", Description="d")["GroupId"]
    ec2.modify_network_interface_attribute(NetworkInterfaceId=eni, Groups=[group])
    ec2.modify_network_interface_attribute(NetworkInterfaceId=eni, Description={"Value": "kept"})
    shown = ec2.describe_network_interfaces(NetworkInterfaceIds=[eni])["NetworkInterfaces"][0]
    assert (shown["Description"], [g["GroupId"] for g in shown["Groups"]]) == ("kept", [group])
    one = run(ec2, ami, NetworkInterfaces=[{"DeviceIndex": 0, "NetworkInterfaceId": eni}])[0]["InstanceId"]
    assert refused(ec2.delete_network_interface, NetworkInterfaceId=eni) == "InvalidNetworkInterface.InUse"
    ec2.terminate_instances(InstanceIds=[one])
    ec2.delete_network_interface(NetworkInterfaceId=eni)
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []
