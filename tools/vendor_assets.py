#!/usr/bin/env python3
"""Copy into src/kumoi/api/web/assets/vendor what its packages.toml names, out of npm's packages, and renew SUMS.

    python tools/vendor_assets.py            copy (needs npm)
    python tools/vendor_assets.py --check    exit 1 where the files are not those of the packages

To add or renew one: name it in packages.toml with an empty `integrity`, run this, write down what it tells, read the
difference. tests/style/test_vendor.py holds files and SUMS together, without npm.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

VENDOR = Path(__file__).parent.parent / "src/kumoi/api/web/assets/vendor"
OURS = frozenset({"packages.toml", "SUMS"})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    check = parser.parse_args().check
    wanted: dict[str, bytes] = {}
    for name, pin in tomllib.loads((VENDOR / "packages.toml").read_text()).items():
        wanted |= {f"{name}/{path}": data for path, data in unpacked(pin).items()}
    wanted["SUMS"] = sums(wanted).encode()
    there = {p.relative_to(VENDOR).as_posix(): p for p in VENDOR.rglob("*") if p.is_file()}
    differing = [path for path, data in wanted.items() if path not in there or there[path].read_bytes() != data]
    superfluous = sorted(there.keys() - wanted.keys() - OURS)
    if check:
        for path in [*differing, *superfluous]:
            print(f"not as packaged: {path}")
        return 1 if differing or superfluous else 0
    for path in superfluous:
        there[path].unlink()
    for path in differing:
        (VENDOR / path).parent.mkdir(parents=True, exist_ok=True)
        (VENDOR / path).write_bytes(wanted[path])
    print(f"{len(wanted) - 1} files, {len(differing)} written, {len(superfluous)} removed")
    return 0


def unpacked(pin: dict[str, Any]) -> dict[str, bytes]:
    """The chosen files of one package by their path in it. Ends the program where the package is another one."""
    with tempfile.TemporaryDirectory() as folder:
        spec = f"{pin['package']}@{pin['version']}"
        done = subprocess.run(["npm", "pack", "--json", spec], cwd=folder, stdout=subprocess.PIPE, check=True)
        packed = json.loads(done.stdout)
        # npm 12 tells a dict by name, earlier ones a list.
        told = next(iter(packed.values())) if isinstance(packed, dict) else packed[0]
        if told["integrity"] != pin["integrity"]:
            sys.exit(f"{spec}: packages.toml says integrity {pin['integrity']!r}, npm {told['integrity']!r}")
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
            return dict(chosen(archive, pin["files"]))


def chosen(archive: tarfile.TarFile, patterns: list[str]) -> list[tuple[str, bytes]]:
    """Pairs of path and content; every pattern must have found something."""
    members = {m.name.partition("/")[2]: m for m in archive.getmembers() if m.isfile()}
    found: list[tuple[str, bytes]] = []
    for pattern in patterns:
        matching = sorted(path for path in members if fnmatch(path, pattern))
        if not matching:
            sys.exit(f"nothing in the package is called {pattern}")
        for path in matching:
            stream = archive.extractfile(members[path])
            assert stream is not None
            found.append((path, stream.read()))
    return found


def sums(files: dict[str, bytes]) -> str:
    """As sha256sum writes and checks them."""
    return "".join(f"{hashlib.sha256(data).hexdigest()}  {path}\n" for path, data in sorted(files.items()))


if __name__ == "__main__":
    sys.exit(main())
