"""The operator's client: what it makes of a service's refusal, whatever its shape."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import msgspec
import pytest

from kumoi.core.errors import Forbidden, Invalid, KumoiError, NotFound, Taken, Unavailable
from kumoi.ops.client import Client

REFUSALS: dict[str, tuple[int, object]] = {
    "/nova": (409, {"conflictingRequest": {"code": 409, "message": "said"}}),
    "/neutron": (404, {"NeutronError": {"type": "PortNotFound", "message": "said", "detail": ""}}),
    "/glance": (403, {"message": "said", "code": "403 Forbidden", "title": "Forbidden"}),
    "/operator": (400, {"error": {"code": "invalid", "message": "said", "facts": {}}}),
    "/plain": (503, "said"),
}


class Cloud(BaseHTTPRequestHandler):
    """Lets everybody in, and refuses as each service does."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(201)
        self.send_header("X-Subject-Token", "t")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        status, body = REFUSALS[self.path]
        data = body.encode() if isinstance(body, str) else msgspec.json.encode(body)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with HTTPServer(("127.0.0.1", 0), Cloud) as api:
        thread = threading.Thread(target=api.serve_forever)
        thread.start()
        auth = dict.fromkeys(("username", "password", "project_name", "user_domain_id", "project_domain_id"), "x")
        auth["auth_url"] = f"http://127.0.0.1:{api.server_port}/identity/v3"
        (tmp_path / "clouds.yaml").write_bytes(msgspec.json.encode({"clouds": {"kumoi-admin": {"auth": auth}}}))
        yield Client(tmp_path / "clouds.yaml")
        api.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/nova", Taken), ("/neutron", NotFound), ("/glance", Forbidden), ("/operator", Invalid), ("/plain", Unavailable)],
)
def test_a_refusal_keeps_its_words(client: Client, path: str, kind: type[KumoiError]) -> None:
    with pytest.raises(kind) as refused:
        client.get(path)
    assert refused.value.facts["detail"] == "said"
