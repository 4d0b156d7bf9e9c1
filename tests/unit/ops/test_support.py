"""What is handed to somebody who helps has all that they must see, and none of the cloud's secrets."""

import io
import tarfile
from pathlib import Path

from kumoi.ops import credentials, support
from kumoi.runtime.state_folder import StateFolder

KEYS = credentials.Keys(access="AKACCESSKEY", secret="the-secret/of+an-access-key")
SECRETS = ("the-secret/of+an-access-key", "vault-key-of-32-bytes", "fernet-token-key", "ZGVtbyBwYXNz", "hunter2hunter2")


def written(state: StateFolder, told: dict[str, str]) -> dict[str, bytes]:
    out = io.BytesIO()
    support.write(out, state, told)
    out.seek(0)
    with tarfile.open(fileobj=out) as tar:
        return {member.name: file.read() for member in tar if (file := tar.extractfile(member)) is not None}


def test_nothing_secret_is_in_it_wherever_it_stood(tmp_path: Path) -> None:
    state = StateFolder(tmp_path / "cloud")
    state.prepare()
    (state.root / "keys/vault").write_text(SECRETS[1])
    (state.root / "keys/tokens").mkdir()
    (state.root / "keys/tokens/0").write_text(SECRETS[2])
    passwords = credentials.passwords(state.root / "keys")
    site = credentials.Site(url="http://127.0.0.1:1", region="R")
    credentials.write_clients(state.root, site, passwords, KEYS)
    (state.root / "keys/demo_ed25519").write_text(f"-----BEGIN KEY-----\n{SECRETS[3]}\n-----END KEY-----\n")
    lines = [
        *SECRETS, passwords.admin, passwords.demo, "request_id=req-1", '{"password": "typed-by-hand"}',
        "postgresql://kumoi:hunter2hunter2@db/kumoi", "X-Auth-Token: gAAAAABtoken",
    ]  # fmt: skip
    (state.root / "logs/serve.log").write_text("\n".join(lines[:4] + lines[5:]))
    found = written(state, {"settings": f"database.url = 'postgresql://kumoi:{SECRETS[4]}@db/kumoi'"})
    text = b"".join(found.values()).decode()
    assert [s for s in (*SECRETS, passwords.admin, passwords.demo, "typed-by-hand", "gAAAAAB") if s in text] == []
    assert "req-1" in text
    assert "postgresql://kumoi:<hidden>@db/kumoi" in text
    assert {"kumoi-support/settings.txt", "kumoi-support/logs/serve.log"} <= found.keys()
    assert not any("keys" in name or "clouds" in name for name in found)
