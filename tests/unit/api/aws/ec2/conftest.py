"""Unmodified boto3 against EC2 on a socket, and behind it a whole cloud in virtual time, which begins now."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.unit.api.edge.live_server import serving
from tests.usecase.cloud import Cloud

from kumoi.api.aws import sts
from kumoi.api.aws.ec2 import tongue
from kumoi.api.edge.app import Edge
from kumoi.app.identity import access_keys

Clients = dict[str, Any]


@pytest.fixture(scope="session")
def session() -> Any:
    """botocore's models are big: they are read once."""
    return botocore.session.Session()


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    made = Cloud(tmp_path, start=time.time())
    made.settle()
    yield made
    made.close()


@pytest.fixture
def url(cloud: Cloud) -> Iterator[str]:
    app = Edge([tongue.tongue(cloud.house), sts.tongue(cloud.house)], now=cloud.clock.now, new_id=cloud.chance.uuid)
    with serving(app) as address:
        yield f"http://{address}"


@pytest.fixture
def ec2(session: Any, url: str, cloud: Cloud) -> Any:
    """The demo user's client."""
    return client(session, url, cloud, "ec2")


@pytest.fixture
def ami(cloud: Cloud) -> str:
    """A public image of the project."""
    return "ami-" + cloud.image().replace("-", "")[:17]


def client(session: Any, url: str, cloud: Cloud, service: str, *, admin: bool = False) -> Any:
    user_id = cloud.call(admin=admin).actor.user_id
    key, secret = access_keys.find(cloud.house, cloud.call(admin=True), user_id)[0]
    return session.create_client(
        service,
        region_name="RegionOne",
        endpoint_url=f"{url}/{service}",
        aws_access_key_id=key.access,
        aws_secret_access_key=secret,
        config=Config(retries={"max_attempts": 0}),
    )


def refused(work: Any, **wish: Any) -> str:
    """The code of the refusal."""
    with pytest.raises(ClientError) as caught:
        work(**wish)
    code: str = caught.value.response["Error"]["Code"]
    return code


def run(ec2: Any, ami: str, count: int = 1, **wish: Any) -> list[dict[str, Any]]:
    """Instances of the smallest type, as they were answered."""
    wish = {"ImageId": ami, "InstanceType": "m1.nano", "MinCount": count, "MaxCount": count, **wish}
    found: list[dict[str, Any]] = ec2.run_instances(**wish)["Instances"]
    return found


def described(ec2: Any, **wish: Any) -> list[dict[str, Any]]:
    return [i for r in ec2.describe_instances(**wish)["Reservations"] for i in r["Instances"]]
