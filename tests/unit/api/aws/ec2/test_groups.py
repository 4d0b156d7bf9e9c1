"""Security groups through boto3."""

from typing import Any

from tests.unit.api.aws.ec2.conftest import refused, run

HTTP = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "all"}]}


def group(ec2: Any, group_id: str) -> dict[str, Any]:
    found: dict[str, Any] = ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"][0]
    return found


def made(ec2: Any, name: str = "web") -> str:
    group_id: str = ec2.create_security_group(GroupName=name, Description="d")["GroupId"]
    return group_id


def bare(permission: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in permission.items() if v != []}


def test_the_default_group(ec2: Any) -> None:
    default = ec2.describe_security_groups(GroupNames=["default"])["SecurityGroups"][0]
    pair = {"GroupId": default["GroupId"], "UserId": default["OwnerId"]}
    assert [bare(p) for p in default["IpPermissions"]] == [{"IpProtocol": "-1", "UserIdGroupPairs": [pair]}]
    outward = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}], "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}
    assert [bare(p) for p in default["IpPermissionsEgress"]] == [outward]
    assert refused(ec2.create_security_group, GroupName="default", Description="d") == "InvalidGroup.Duplicate"


def test_rules_come_and_go(ec2: Any) -> None:
    web = made(ec2)
    answer = ec2.authorize_security_group_ingress(GroupId=web, IpPermissions=[HTTP])
    rule = answer["SecurityGroupRules"][0]
    assert (rule["CidrIpv4"], rule["FromPort"], rule["Description"]) == ("0.0.0.0/0", 80, "all")
    assert rule["IsEgress"] is False
    assert [bare(p) for p in group(ec2, web)["IpPermissions"]] == [HTTP]
    again = refused(ec2.authorize_security_group_ingress, GroupId=web, IpPermissions=[HTTP])
    assert again == "InvalidPermission.Duplicate"
    other = [HTTP | {"ToPort": 81}]
    assert refused(ec2.revoke_security_group_ingress, GroupId=web, IpPermissions=other) == "InvalidPermission.NotFound"
    ec2.revoke_security_group_ingress(GroupId=web, IpPermissions=[HTTP])
    assert group(ec2, web)["IpPermissions"] == []
    ec2.authorize_security_group_ingress(GroupId=web, IpProtocol="udp", FromPort=53, ToPort=53, CidrIp="10.0.0.0/8")
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [web]}])["SecurityGroupRules"]
    inward = [r["SecurityGroupRuleId"] for r in rules if not r["IsEgress"]]
    ec2.revoke_security_group_ingress(GroupId=web, SecurityGroupRuleIds=inward)
    assert group(ec2, web)["IpPermissions"] == []


def test_protocols_and_ports(ec2: Any) -> None:
    web = made(ec2)
    wishes = [
        {"IpProtocol": "icmp", "FromPort": 8, "ToPort": -1, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]},
        {"IpProtocol": "icmp", "FromPort": -1, "ToPort": -1, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]},
        {"IpProtocol": "tcp", "FromPort": 0, "ToPort": 65535, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]},
        {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.0.0.0/8"}]},
        {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "Ipv6Ranges": [{"CidrIpv6": "2001:db8::/32"}]},
        {"IpProtocol": "50", "IpRanges": [{"CidrIp": "10.0.0.0/8"}]},
    ]
    ec2.authorize_security_group_ingress(GroupId=web, IpPermissions=wishes)
    shown = [bare(p) for p in group(ec2, web)["IpPermissions"]]
    assert sorted(map(repr, shown)) == sorted(map(repr, wishes))
    ec2.revoke_security_group_ingress(GroupId=web, IpPermissions=wishes)
    assert group(ec2, web)["IpPermissions"] == []
    for odd in ({"IpProtocol": "tcp", "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}, {"IpProtocol": "tcp"}):
        assert refused(ec2.authorize_security_group_ingress, GroupId=web, IpPermissions=[odd]) == "MissingParameter"
    odd = HTTP | {"IpRanges": [{"CidrIp": "300.0.0.0/8"}]}
    assert refused(ec2.authorize_security_group_ingress, GroupId=web, IpPermissions=[odd]) == "InvalidParameterValue"


def test_groups_name_each_other(ec2: Any) -> None:
    web, db = made(ec2), made(ec2, "db")
    asked = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "UserIdGroupPairs": [{"GroupId": web}]}
    ec2.authorize_security_group_ingress(GroupId=db, IpPermissions=[asked])
    pairs = group(ec2, db)["IpPermissions"][0]["UserIdGroupPairs"]
    assert [p["GroupId"] for p in pairs] == [web]
    ec2.revoke_security_group_ingress(GroupId=db, IpPermissions=[asked])
    # the group that every project has names itself in IPv4 and in IPv6: one permission
    default = ec2.describe_security_groups(GroupNames=["default"])["SecurityGroups"][0]
    ec2.revoke_security_group_ingress(GroupId=default["GroupId"], IpPermissions=default["IpPermissions"])
    assert group(ec2, default["GroupId"])["IpPermissions"] == []
    ec2.revoke_security_group_egress(GroupId=web, IpPermissions=group(ec2, web)["IpPermissionsEgress"])
    assert group(ec2, web)["IpPermissionsEgress"] == []


def test_names(ec2: Any) -> None:
    web = made(ec2)
    assert refused(ec2.create_security_group, GroupName="web", Description="d") == "InvalidGroup.Duplicate"
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    assert group(ec2, web)["VpcId"] == vpc
    found = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["w*"]}])["SecurityGroups"]
    assert [g["GroupId"] for g in found] == [web]
    ec2.delete_security_group(GroupName="web")
    assert refused(ec2.describe_security_groups, GroupIds=[web]) == "InvalidGroup.NotFound"
    assert refused(ec2.delete_security_group, GroupId=web) == "InvalidGroup.NotFound"
    assert refused(ec2.describe_security_groups, GroupNames=["web"]) == "InvalidGroup.NotFound"
    assert refused(ec2.describe_security_groups, GroupIds=["sg-x"]) == "InvalidGroupId.Malformed"


def test_a_group_in_use_stays(ec2: Any, ami: str) -> None:
    web = made(ec2)
    run(ec2, ami, SecurityGroupIds=[web])
    assert refused(ec2.delete_security_group, GroupId=web) == "DependencyViolation"
