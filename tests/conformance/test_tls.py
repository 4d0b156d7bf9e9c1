"""HTTPS by the cloud's own CA: the clients that everybody has find in what `up` names all that they need."""

import ssl
import urllib.error
import urllib.request

import pytest
from tests.conformance.conftest import SimulatedCloud

from kumoi.ops.client import Client
from kumoi.ops.serial_line import opened

pytestmark = [pytest.mark.filterwarnings("ignore")]


def test_every_client_speaks_https_and_knows_the_cloud_by_its_ca(no_cloud: SimulatedCloud) -> None:
    cloud = no_cloud
    told = cloud.start("--tls")
    url = cloud.environ["AWS_ENDPOINT_URL_EC2"].removesuffix("/ec2")
    assert url.startswith("https://")
    assert str(cloud.state / "ca.pem") in told
    catalog = cloud.openstack("catalog", "list", "-f", "value", "-c", "Endpoints")
    assert url in catalog
    assert "http://" not in catalog
    chosen = ("--image", "tiny", "--flavor", "m1.nano", "--network", "private")
    cloud.openstack("server", "create", *chosen, "--wait", "s1")
    (reservation,) = cloud.ec2(verify=str(cloud.state / "ca.pem")).describe_instances()["Reservations"]
    assert reservation["Instances"][0]["State"]["Name"] == "running"
    trusting = ssl.create_default_context(cafile=str(cloud.state / "ca.pem"))
    with urllib.request.urlopen(f"{url}/sign-in", context=trusting) as page:
        assert b"<form" in page.read()
        assert page.headers["x-content-type-options"] == "nosniff"
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"{url}/sign-in", context=ssl.create_default_context())
    # The cloud's own commands, and a websocket of a console.
    assert "hosts 2  servers 1" in cloud.kumoi("status")
    assert "https://" in cloud.openstack("console", "url", "show", "--novnc", "s1", "-f", "value", "-c", "url")
    client = Client(cloud.state / "clouds.yaml", "kumoi")
    server = client.get("/compute/v2.1/servers")["servers"][0]["id"]
    with opened(client, server) as line:
        line.send(b"echoed")
        said = b""
        while b"echoed" not in said:
            came = line.recv(timeout=60)
            said += came if isinstance(came, bytes) else came.encode()
