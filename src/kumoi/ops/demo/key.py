"""The demonstration's key pair on disk: made once by ssh-keygen, kept in STATE/keys."""

import subprocess
from pathlib import Path

from kumoi.ops.demo.waiting import CannotDemo


def ensure_key(path: Path) -> str:
    """The public key; the private one is at `path` (0600), whole or not there at all."""
    if not path.exists():
        fresh = path.with_name(f".{path.name}.new")
        for half in (fresh, fresh.with_name(f"{fresh.name}.pub")):
            half.unlink(missing_ok=True)
        _keygen("-q", "-t", "ed25519", "-N", "", "-C", "kumoi-demo", "-f", str(fresh))
        fresh.with_name(f"{fresh.name}.pub").unlink()
        fresh.rename(path)
    return _keygen("-y", "-f", str(path)).strip()


def _keygen(*words: str) -> str:
    try:
        done = subprocess.run(("ssh-keygen", *words), capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise CannotDemo("ssh-keygen is missing: apt-get install openssh-client") from None
    if done.returncode != 0:
        raise CannotDemo(f"ssh-keygen: {done.stderr.strip()}")
    return done.stdout
