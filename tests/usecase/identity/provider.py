"""An OpenID provider on loopback: a real server with real signatures, for what asks one. Any password is right."""

import base64
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

CLIENT, SECRET = "kumoi", "s3cret"


class Provider:
    """`person`: the claims of whoever signs in. `meddle` changes what is signed, `more` what discovery says."""

    def __init__(self, issuer: str, now: Callable[[], float]) -> None:
        self.issuer, self.now = issuer, now
        self.person: dict[str, Any] = {"sub": "u-1", "preferred_username": "hanako", "groups": ["ops", "dev"]}
        self.meddle: dict[str, Any] = {}
        self.more: dict[str, Any] = {}
        self.key = ECKey.generate_key("P-256", {"kid": "one"})
        self._asked: dict[str, dict[str, str]] = {}

    def token(self, **claims: Any) -> str:
        now = int(self.now())
        said = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, **self.person, **claims, **self.meddle}
        return jwt.encode({"alg": "ES256", "kid": self.key.kid}, said, self.key)

    def answer(self, method: str, target: str, authorization: str, body: str) -> tuple[int, Any]:
        """A status, and JSON or (of a redirect) a place."""
        parts = urlsplit(target)
        form = dict(parse_qsl(body or parts.query))
        match method, parts.path:
            case "GET", "/.well-known/openid-configuration":
                return 200, self._itself()
            case "GET", "/keys":
                return 200, KeySet([self.key]).as_dict(private=False)
            case "GET", "/authorize":
                code = f"code-{len(self._asked)}"
                self._asked[code] = form
                return 302, f"{form['redirect_uri']}?{urlencode({'code': code, 'state': form['state']})}"
            case "POST", "/token":
                return self._given(form, authorization)
            case "POST", "/introspect":
                opaque = form["token"].startswith("opaque-for-")
                told = {"active": opaque, "sub": self.person["sub"], "aud": form["token"].removeprefix("opaque-for-")}
                return 200, told if opaque else {"active": False}
            case "GET", "/userinfo":
                return 200, self.person
        return 404, {}

    def _itself(self) -> dict[str, Any]:
        places = {"authorization": "authorize", "token": "token", "userinfo": "userinfo", "introspection": "introspect"}
        told = {f"{name}_endpoint": f"{self.issuer}/{path}" for name, path in places.items()}
        grants = ["password", "client_credentials", "authorization_code"]
        return {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys", "grant_types_supported": grants, **told} | (
            self.more
        )

    def _given(self, form: dict[str, str], authorization: str) -> tuple[int, Any]:
        if authorization != f"Basic {base64.b64encode(f'{CLIENT}:{SECRET}'.encode()).decode()}":
            return 401, {"error": "invalid_client"}
        if form["grant_type"] != "authorization_code":
            return 200, {"access_token": self.token(), "token_type": "Bearer"}
        asked = self._asked.pop(form["code"], None)
        if asked is None:
            return 400, {"error": "invalid_grant", "error_description": "the code was used"}
        if "code_challenge" in asked:
            digest = sha256(form["code_verifier"].encode()).digest()
            if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]:
                return 400, {"error": "invalid_grant", "error_description": "the verifier is another"}
        id_token = self.token(nonce=asked.get("nonce", ""))
        return 200, {"access_token": self.token(), "id_token": id_token, "token_type": "Bearer"}


@contextmanager
def provider(now: Callable[[], float]) -> Iterator[Provider]:
    class Handler(BaseHTTPRequestHandler):
        def _reply(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
            status, told = made.answer(self.command, self.path, self.headers.get("authorization") or "", body)
            sent = b"" if status == 302 else msgspec.json.encode(told)
            self.send_response(status)
            self.send_header(*(("location", told) if status == 302 else ("content-type", "application/json")))
            self.send_header("content-length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        do_GET = do_POST = _reply  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Provider(f"http://127.0.0.1:{server.server_address[1]}", now)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
