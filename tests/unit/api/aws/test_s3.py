"""The port of S3, which is not built: a client is told so at once, and in S3's words."""

import asyncio

import pytest
from tests.unit.api.edge.asgi_client import call

from kumoi.api.aws.s3 import tongue
from kumoi.api.edge.app import Edge


@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("PUT", "/bucket"), ("PUT", "/bucket/a/b"), ("POST", "/b")])
def test_every_request_is_not_implemented(method: str, path: str) -> None:
    edge = Edge([tongue()], now=lambda: 0.0, new_id=lambda: "1")
    answer = asyncio.run(call(edge, method, path))
    assert answer.status == 501
    assert b"<Code>NotImplemented</Code>" in answer.body
    edge.close()
