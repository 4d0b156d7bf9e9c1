"""SSH public keys: what is one, and its fingerprint."""

import base64
import binascii
import hashlib

from kumoi.core.errors import Invalid

KINDS = frozenset(
    {
        "ssh-rsa",
        "ssh-ed25519",
        "ssh-dss",
        "ecdsa-sha2-nistp256",
        "ecdsa-sha2-nistp384",
        "ecdsa-sha2-nistp521",
        "sk-ssh-ed25519@openssh.com",
        "sk-ecdsa-sha2-nistp256@openssh.com",
    }
)
LONGEST = 16384


def fingerprint(public_key: str) -> str:
    """MD5 of the key blob as colon-separated hex (RFC 4716). Invalid (field public_key) for anything but an
    OpenSSH key."""
    parts = public_key.strip().split(None, 2)
    if len(public_key) > LONGEST or len(parts) < 2 or parts[0] not in KINDS or "\n" in public_key.strip():
        raise Invalid("compute", field="public_key", reason="not_a_public_key")
    try:
        blob = base64.b64decode(parts[1], validate=True)
    except (binascii.Error, ValueError) as e:
        raise Invalid("compute", field="public_key", reason="not_a_public_key") from e
    size = int.from_bytes(blob[:4], "big")
    if blob[4 : 4 + size] != parts[0].encode():
        raise Invalid("compute", field="public_key", reason="not_a_public_key")
    digest = hashlib.md5(blob, usedforsecurity=False).hexdigest()
    return ":".join(digest[i : i + 2] for i in range(0, 32, 2))


def sha256_fingerprint(public_key: str) -> str:
    """`SHA256:…` of a key that `fingerprint` took, as `ssh-keygen -l` and `ssh` show it."""
    blob = base64.b64decode(public_key.split(None, 2)[1])
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
