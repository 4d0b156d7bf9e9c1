"""What somebody who helps must see of a cloud, in one file, and nothing that would let them in.

Known secrets (every key of the state folder, the first passwords, access keys, passwords in URLs of settings) are
blotted out wherever they stand. What does not belong here: guests' disks and consoles, the database, users' data.
"""

import io
import re
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from typing import BinaryIO, Final

from kumoi.runtime.state_folder import StateFolder

BLOT: Final = b"<hidden>"
_SHORTEST: Final = 8  # shorter ones would blot out words; none of ours is
_LOG_MOST_BYTES: Final = 4 << 20
_RECORDS: Final = ("processes.json", "namespace.json", "failure.json", "wish")
_LINE: Final = re.compile(rb"[^\s'\"]+")
_PASSWORD_IN_URL: Final = re.compile(rb"(://[^\s/:@'\"]*:)[^\s/@'\"]+(@)")
_NAMED: Final = re.compile(rb"(?i)((?:password|secret|token|private_key)[a-z_]*[\"']?\s*[:=]\s*[\"']?)[^\s,\"'}]{4,}")


def write(out: BinaryIO, state: StateFolder, told: Mapping[str, str]) -> list[str]:
    """`told`: further texts by name. Returns the names of what is in it."""
    blots = sorted(set(secrets(state)), key=len, reverse=True)
    names = []
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, data in (*((f"{k}.txt", v.encode()) for k, v in told.items()), *_files(state)):
            hidden = hide(data, blots)
            info = tarfile.TarInfo(f"kumoi-support/{name}")
            info.size, info.mode = len(hidden), 0o600
            tar.addfile(info, io.BytesIO(hidden))
            names.append(name)
    out.flush()  # the process that called may not be the one that has opened it
    return names


def secrets(state: StateFolder) -> Iterator[bytes]:
    """Every word of the files that hold nothing else."""
    files = [path for path in (state.root / "keys").rglob("*") if path.is_file() and path.suffix != ".pem"]
    for path in (*files, state.root / "env", state.root / "clouds.yaml"):
        data = path.read_bytes() if path.exists() else b""
        if path.parent == state.root:
            data = b"\n".join(re.findall(rb"(?i)(?:secret|password)[a-z_]*[\"']?[:=]\s*[\"']([^'\"]+)", data))
        elif path.name == "first-passwords.json":
            data = b"\n".join(re.findall(rb":\s*\"([^\"]+)\"", data))
        yield from (word for word in _LINE.findall(data) if len(word) >= _SHORTEST)


def hide(data: bytes, blots: Iterable[bytes]) -> bytes:
    for secret in blots:
        data = data.replace(secret, BLOT)
    data = _PASSWORD_IN_URL.sub(rb"\1" + BLOT + rb"\2", data)
    return _NAMED.sub(rb"\1" + BLOT, data)


def _files(state: StateFolder) -> Iterator[tuple[str, bytes]]:
    for path in sorted((state.root / "logs").glob("*.log*")):
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _LOG_MOST_BYTES))
            yield f"logs/{path.name}", file.read()
    for name in _RECORDS:
        record = state.root / "ground" / name
        if record.exists():
            yield f"ground/{name}", record.read_bytes()
