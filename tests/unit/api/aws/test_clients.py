"""Unmodified boto3 against the wire on a socket: signatures, both protocols, refusals as its own exceptions."""

import time
import urllib.request
import uuid
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.unit.api.edge.live_server import serving

from kumoi.api.aws.actions import Action, Values, query_tongue
from kumoi.api.aws.signing import Signed
from kumoi.api.edge.app import Edge
from kumoi.api.edge.request import Request
from kumoi.core.call import Actor
from kumoi.core.errors import NotFound, QuotaExceeded
from kumoi.core.ids import ProjectId, UserId

KEY, SECRET = "AKIDEXAMPLE", "secret"


class OneKey:
    """Identity's access keys, of which there is one."""

    def secret_of(self, access_key: str) -> str | None:
        return SECRET if access_key == KEY else None

    def actor_of(self, signed: Signed) -> Actor:
        return Actor(user_id=UserId("u1"), user_name="ann", project_id=ProjectId("p1"))


def run_instances(request: Request, wish: Values) -> Values:
    if wish["MaxCount"] > 5:
        raise QuotaExceeded("quota", resource="instances", wanted=wish["MaxCount"], used=0, limit=5)
    tags = [t for s in wish.get("TagSpecifications", []) for t in s["Tags"]]
    instance = {
        "InstanceId": "i-0123456789abcdef0",
        "ImageId": wish["ImageId"],
        "LaunchTime": request.now,
        "State": {"Code": 0, "Name": "pending"},
        "Tags": tags,
        "ClientToken": wish.get("ClientToken"),
    }
    return {"ReservationId": "r-1", "OwnerId": "1" * 12, "Instances": [instance]}


def describe_instances(_request: Request, wish: Values) -> Values:
    if ids := wish.get("InstanceIds"):
        raise NotFound("compute", kind="instance", id=ids[0])
    return {"Reservations": []}


def broken(_request: Request, _wish: Values) -> Values:
    return {"NoSuchMember": 1}


def who(request: Request, _wish: Values) -> Values:
    user = request.call().actor.user_id
    return {"UserId": user, "Account": "1" * 12, "Arn": f"arn:aws:iam::{'1' * 12}:user/{user}"}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    keys, region = OneKey(), frozenset({"RegionOne"})
    ec2 = query_tongue(
        "ec2",
        "/ec2",
        [
            Action("RunInstances", run_instances, "instances.create"),
            Action("DescribeInstances", describe_instances, "instances.read"),
            Action("DescribeVpcs", broken, "vpcs.read"),
        ],
        keys,
        region,
    )
    sts = query_tongue("sts", "/sts", [Action("GetCallerIdentity", who, "identity.self")], keys)
    app = Edge([ec2, sts], now=time.time, new_id=lambda: str(uuid.uuid4()))
    with serving(app) as address:
        yield f"http://{address}"


def client(url: str, service: str, key: str = KEY, region: str = "RegionOne") -> Any:
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=f"{url}/{service}",
        aws_access_key_id=key,
        aws_secret_access_key=SECRET,
        config=Config(retries={"max_attempts": 0}),
    )


def refused(work: Any, **wish: Any) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        work(**wish)
    answer = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def test_run_instances(url: str) -> None:
    tags = [{"Key": "Name", "Value": "雲 & <vm>\u200b"}]
    got = client(url, "ec2").run_instances(
        ImageId="ami-1",
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
    )
    instance = got["Instances"][0]
    assert (instance["ImageId"], instance["Tags"]) == ("ami-1", tags)
    assert uuid.UUID(instance["ClientToken"])
    assert got["ResponseMetadata"]["RequestId"].startswith("req-")


def test_refusals(url: str) -> None:
    ec2 = client(url, "ec2")
    gone = refused(ec2.describe_instances, InstanceIds=["i-1"])
    assert gone == ("InvalidInstanceID.NotFound", 400)
    many = refused(ec2.run_instances, ImageId="ami-1", MinCount=1, MaxCount=9)
    assert many == ("InstanceLimitExceeded", 400)
    assert refused(ec2.describe_volumes) == ("UnsupportedOperation", 400)
    assert refused(ec2.describe_images) == ("UnsupportedOperation", 400)
    assert refused(ec2.describe_vpcs) == ("InternalError", 500)


def test_who_may_not(url: str) -> None:
    other = client(url, "ec2", key="AKIDOTHER").describe_instances
    assert refused(other) == ("AuthFailure", 401)
    elsewhere = client(url, "ec2", region="us-east-1").describe_instances
    assert refused(elsewhere) == ("AuthFailure", 401)
    assert refused(client(url, "sts", key="AKIDOTHER").get_caller_identity) == (
        "InvalidClientTokenId",
        403,
    )


def test_another_protocol(url: str) -> None:
    got = client(url, "sts").get_caller_identity()
    assert (got["UserId"], got["Account"]) == ("u1", "1" * 12)


def test_a_presigned_address(url: str) -> None:
    address = client(url, "sts").generate_presigned_url("get_caller_identity", HttpMethod="GET")
    with urllib.request.urlopen(address) as answer:
        assert b"<UserId>u1</UserId>" in answer.read()
