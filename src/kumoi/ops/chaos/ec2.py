"""The other tongue in the same user's mouth: EC2 requests about the same servers, signed as AWS's clients sign them."""

import hashlib
import hmac
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlencode

import msgspec

from kumoi.ops.caller import Caller

_PATH: Final = "/ec2"
_VERSION: Final = "2016-11-15"
_FORM: Final = "application/x-www-form-urlencoded; charset=utf-8"
_SIGNED: Final = "content-type;host;x-amz-date"


class Keys(msgspec.Struct, frozen=True, kw_only=True):
    """An access key, and the region that it signs for."""

    access: str
    secret: str
    region: str


def keys(env: Path) -> Keys:
    """Out of STATE/env."""
    words = dict(line.removeprefix("export ").split("=", 1) for line in env.read_text().splitlines() if "=" in line)
    found = {name: shlex.split(value)[0] for name, value in words.items()}
    return Keys(
        access=found["AWS_ACCESS_KEY_ID"], secret=found["AWS_SECRET_ACCESS_KEY"], region=found["AWS_DEFAULT_REGION"]
    )


def instance_id(server: str) -> str:
    """What EC2 calls a server."""
    return "i-" + server.replace("-", "")[:17]


def ask(caller: Caller, known: Keys, action: str, **words: str) -> tuple[int, bytes]:
    """`words`: the query's parameters, `InstanceId_1` for `InstanceId.1`. Raises Unavailable where nobody answers."""
    form = {"Action": action, "Version": _VERSION, **{name.replace("_", "."): text for name, text in words.items()}}
    body = urlencode(sorted(form.items()), quote_via=quote).encode()
    at = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    host = caller.reach.url("http").partition("://")[2]
    head = f"content-type:{_FORM}\nhost:{host}\nx-amz-date:{at}\n"
    canonical = "\n".join(("POST", _PATH, "", head, _SIGNED, hashlib.sha256(body).hexdigest()))
    scope = f"{at[:8]}/{known.region}/ec2/aws4_request"
    text = "\n".join(("AWS4-HMAC-SHA256", at, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    key = f"AWS4{known.secret}".encode()
    for part in (*scope.split("/"), text):
        key = hmac.digest(key, part.encode(), "sha256")
    given = f"AWS4-HMAC-SHA256 Credential={known.access}/{scope}, SignedHeaders={_SIGNED}, Signature={key.hex()}"
    return caller.send("POST", _PATH, body, {"Content-Type": _FORM, "X-Amz-Date": at, "Authorization": given})
