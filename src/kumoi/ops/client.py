"""A small OpenStack client for the operator's programs: the standard library and STATE/clouds.yaml.

It asks as any client would, from outside. What does not belong here: what is asked for.
"""

import http.client
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final
from urllib.parse import urlsplit

import msgspec

from kumoi.core.errors import Forbidden, Invalid, KumoiError, NotFound, Taken, Unauthenticated, Unavailable
from kumoi.ops.reach import reach

_TIMEOUT_S: Final = 60.0
_REFUSALS: Final[Mapping[int, type[KumoiError]]] = {
    400: Invalid,
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    409: Taken,
}
_JSON: Final = "application/json"


class Client:
    """One cloud of a clouds.yaml; logs in when first asked. `locale`: the language of its answers' sentences.

    Every verb raises KumoiError by the answer's status; its fact `detail` is what the cloud said.
    """

    def __init__(self, clouds_yaml: Path, cloud: str = "kumoi-admin", locale: str = "en") -> None:
        try:
            # Ours is JSON, which is YAML.
            clouds = msgspec.json.decode(clouds_yaml.read_bytes())["clouds"]
        except FileNotFoundError as e:
            raise Unavailable("identity", what="clouds.yaml", reason="missing") from e
        self._auth: dict[str, Any] = clouds[cloud]["auth"]
        self.reach = reach(clouds[cloud])
        self._identity = urlsplit(self._auth["auth_url"]).path.rstrip("/")
        self._locale = locale
        self._token = ""

    def token(self) -> str:
        """For who asks by other means."""
        if not self._token:
            self._log_in()
        return self._token

    def get(self, path: str, **headers: str) -> Any:
        """The decoded body of `GET path`."""
        return self._ask("GET", path, None, headers)

    def post(self, path: str, body: Any) -> Any:
        """The decoded answer to a JSON body; None where it is empty."""
        return self._ask("POST", path, msgspec.json.encode(body), {"Content-Type": _JSON})

    def put(self, path: str, body: Any) -> Any:
        return self._ask("PUT", path, msgspec.json.encode(body), {"Content-Type": _JSON})

    def delete(self, path: str) -> None:
        self._ask("DELETE", path, None, {})

    def upload(self, path: str, data: BinaryIO, size: int) -> None:
        """`PUT path` with `size` bytes read from `data`."""
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        self._ask("PUT", path, data, headers)

    def _ask(self, method: str, path: str, body: bytes | BinaryIO | None, headers: Mapping[str, str]) -> Any:
        sent = {"X-Auth-Token": self.token(), "Accept-Language": self._locale, **headers}
        return self._exchange(method, path, body, sent)[1]

    def _exchange(
        self, method: str, path: str, body: bytes | BinaryIO | None, headers: Mapping[str, str]
    ) -> tuple[Mapping[str, str], Any]:
        connection = self.reach.connection(_TIMEOUT_S)
        try:
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            data = answer.read()
        except (OSError, http.client.HTTPException) as e:
            raise Unavailable("api", what="api", reason="no_answer", detail=str(e)) from e
        finally:
            connection.close()
        if answer.status >= 400:
            kind = _REFUSALS.get(answer.status, Unavailable)
            raise kind("api", reason=f"HTTP {answer.status}", detail=_message(data))
        given = answer.getheader("Content-Type") or ""
        decoded = msgspec.json.decode(data) if data and given.startswith(_JSON) else None
        return {k.lower(): v for k, v in answer.getheaders()}, decoded

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
        encoded = msgspec.json.encode(body)
        headers, _ = self._exchange("POST", f"{self._identity}/auth/tokens", encoded, {"Content-Type": _JSON})
        self._token = headers["x-subject-token"]


def _message(data: bytes) -> str:
    """The sentence in an error's body, whatever service's shape it has."""
    try:
        found = msgspec.json.decode(data)
    except msgspec.DecodeError:
        return data[:500].decode(errors="replace")
    while isinstance(found, dict):
        found = found.get("message") or next((v for v in found.values() if isinstance(v, dict)), "")
    return str(found)
