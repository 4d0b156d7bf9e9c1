"""A small OpenStack client for the operator's programs: the standard library and STATE/clouds.yaml.

It asks as any client would, from outside. What does not belong here: what is asked for.
"""

import http.client
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from kumoi.core.errors import Forbidden, KumoiError, NotFound, Unauthenticated, Unavailable

_TIMEOUT_S: Final = 20.0
_REFUSALS: Final[Mapping[int, type[KumoiError]]] = {
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
}


class Client:
    """One cloud of a clouds.yaml; logs in when first asked."""

    def __init__(self, clouds_yaml: Path, cloud: str = "kumoi-admin") -> None:
        try:
            # Ours is JSON, which is YAML.
            clouds = msgspec.json.decode(clouds_yaml.read_bytes())["clouds"]
        except FileNotFoundError as e:
            raise Unavailable("identity", what="clouds.yaml", reason="missing") from e
        self._auth: dict[str, Any] = clouds[cloud]["auth"]
        url = urlsplit(self._auth["auth_url"])
        self._host, self._port = url.hostname or "127.0.0.1", url.port or 80
        self._identity = url.path.rstrip("/")
        self._token = ""

    def get(self, path: str, **headers: str) -> Any:
        """The decoded body of `GET path`. Raises KumoiError by the answer's status."""
        return self._ask("GET", path, None, headers)[1]

    def _ask(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> tuple[Mapping[str, str], Any]:
        if not self._token and body is None:
            self._log_in()
        connection = http.client.HTTPConnection(self._host, self._port, timeout=_TIMEOUT_S)
        try:
            connection.request(
                method,
                path,
                msgspec.json.encode(body) if body is not None else None,
                {"Content-Type": "application/json", "X-Auth-Token": self._token, **headers},
            )
            answer = connection.getresponse()
            data = answer.read()
        except OSError as e:
            raise Unavailable("api", what="api", reason="no_answer", detail=str(e)) from e
        finally:
            connection.close()
        if answer.status >= 400:
            kind = _REFUSALS.get(answer.status, Unavailable)
            raise kind("api", reason=f"HTTP {answer.status}", detail=data[:500].decode())
        return dict(answer.getheaders()), msgspec.json.decode(data or b"{}")

    def _log_in(self) -> None:
        auth = self._auth
        user = {
            "name": auth["username"],
            "password": auth["password"],
            "domain": {"id": auth["user_domain_id"]},
        }
        scope = {"name": auth["project_name"], "domain": {"id": auth["project_domain_id"]}}
        body = {
            "auth": {
                "identity": {"methods": ["password"], "password": {"user": user}},
                "scope": {"project": scope},
            }
        }
        headers, _ = self._ask("POST", f"{self._identity}/auth/tokens", body, {})
        self._token = next(v for k, v in headers.items() if k.lower() == "x-subject-token")
