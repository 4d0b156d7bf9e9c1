"""Signatures that other services received: botocore's, and what is wrong with others."""

import base64
import hashlib
import hmac
import time
from typing import Any

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.usecase.identity.conftest import Ask, City

from kumoi.app.identity import access_keys, people
from kumoi.app.identity.tokens import Scope

V3 = "/identity/v3"
NOBODYS = "AKNOBODY"


@pytest.fixture
def service(city: City) -> str:
    """The token of another service's own user."""
    city.cloud.clock.sleep(time.time() - city.cloud.clock.now())  # botocore signs by the machine's clock
    user = city.user("swift")
    people.assign(city.house, city.admin, user, city.cloud.project, "service")
    return city.sign_in(user, Scope(project_id=city.cloud.project)).token


@pytest.fixture
def pair(city: City) -> tuple[str, str]:
    demo = city.cloud.call().actor.user_id
    key, secret = access_keys.create(city.house, city.cloud.call(), demo, city.cloud.project)
    return key.access, secret


def signed(access: str, secret: str) -> dict[str, Any]:
    """As a gateway of EC2 describes what it received."""
    request = AWSRequest("GET", "http://ec2.test/services/Cloud", params={"Action": "DescribeInstances"})
    request.headers["Host"] = "ec2.test"
    botocore.auth.SigV4Auth(Credentials(access, secret), "ec2", "RegionOne").add_auth(request)
    headers = dict(request.headers.items())
    return {
        "access": access, "signature": headers["Authorization"].rpartition("Signature=")[2], "host": "ec2.test",
        "verb": "GET", "path": "/services/Cloud", "params": {"Action": "DescribeInstances"}, "headers": headers,
        "body_hash": hashlib.sha256(b"").hexdigest(),
    }  # fmt: skip


def test_a_service_gets_a_token_for_who_signed(city: City, ask: Ask, service: str, pair: tuple[str, str]) -> None:
    answer = ask("POST", f"{V3}/ec2tokens", service, {"ec2Credentials": signed(*pair)})
    assert answer.status == 200, answer.body
    assert answer.json()["token"]["project"]["id"] == city.cloud.project
    assert city.roles(answer.header("X-Subject-Token") or "") == ["member", "reader"]


def test_nothing_is_given_for_a_wrong_an_old_or_an_unknown_signature(
    city: City, ask: Ask, service: str, pair: tuple[str, str]
) -> None:
    right = signed(*pair)
    for wrong in (
        {**right, "params": {"Action": "TerminateInstances"}},
        {**right, "signature": "0" * 64},
        {**right, "access": NOBODYS},
        signed(pair[0], "another secret"),
    ):
        assert ask("POST", f"{V3}/ec2tokens", service, {"ec2Credentials": wrong}).status == 401
    city.cloud.clock.sleep(1000)
    assert ask("POST", f"{V3}/ec2tokens", service, {"ec2Credentials": right}).status == 401


def test_only_services_ask(city: City, ask: Ask, service: str, pair: tuple[str, str]) -> None:
    demo = city.sign_in_as("demo", "d", Scope(project_id=city.cloud.project)).token
    body = {"ec2Credentials": signed(*pair)}
    assert ask("POST", f"{V3}/ec2tokens", demo, body).status == 403
    assert ask("POST", f"{V3}/ec2tokens", "", body).status == 401


def test_s3s_gateways_send_the_text_that_was_signed(city: City, ask: Ask, service: str, pair: tuple[str, str]) -> None:
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(city.cloud.clock.now()))
    scope = f"{stamp[:8]}/RegionOne/s3/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{'0' * 64}"
    key = f"AWS4{pair[1]}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    right = {
        "access": pair[0], "signature": hmac.digest(key, text.encode(), "sha256").hex(),
        "token": base64.urlsafe_b64encode(text.encode()).decode(),
    }  # fmt: skip
    assert ask("POST", f"{V3}/s3tokens", service, {"credentials": right}).status == 200
    old = "GET\n\n\nThu, 01 Jan 1970 00:00:00 +0000\n/b/o"
    plain = hmac.digest(pair[1].encode(), old.encode(), "sha1")
    bare = {**right, "token": base64.b64encode(old.encode()).decode(), "signature": base64.b64encode(plain).decode()}
    for wrong in ({**right, "signature": "0" * 64}, {**right, "token": "!"}, bare):
        assert ask("POST", f"{V3}/s3tokens", service, {"credentials": wrong}).status == 401
