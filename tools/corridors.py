"""Writes docs/corridors.md: each noun's path through the house, found by the names of files.

Run it after adding a file: `python tools/corridors.py`. tests/style/test_docs.py fails while it is not current.
"""

import re
import subprocess
from pathlib import Path

CLONE = Path(__file__).parent.parent
HOUSE = CLONE / "src/kumoi"
PAGE = CLONE / "docs/corridors.md"
# What a noun's files are called, and folders that are all its own.
NOUNS: dict[str, tuple[str, tuple[str, ...]]] = {
    "instance": (
        r"instance|^server_|^servers$|^guests$|domain_xml|^runs?$|console|^wish$|^compute$|scheduling|^actions$",
        ("app/instances/", "adapters/libvirt/"),
    ),
    "flavor": (r"flavor", ()),
    "image, layer": (r"image|^blobs|inspector|^storage$|^tiny$", ("api/openstack/image/", "app/images/")),
    "disk": (r"^files$|config_drive|^storage$", ()),
    "volume, snapshot, attachment": (
        r"volume|snapshot|attachment|storage_pool|^held$|block_device",
        ("app/volumes/", "api/openstack/volume/"),
    ),
    "key pair": (r"keypair|key_pair|^keys$", ()),
    "network, subnet": (r"^networks?$|subnet|^addresses$|^addressing$|segment|dhcp|^dns$", ()),
    "nic": (r"^nics?$|nic_|^ports$|interface", ()),
    "vpc (router)": (r"vpc|^routers$|^nat$|route_table", ()),
    "public address": (r"public_address|floating|^addresses$", ()),
    "security group": (r"group|^filter(_rules)?$", ()),
    "host": (r"^hosts?$|^link|^ledger$|^reporting$|^availability", ("app/hosts/", "api/link/", "planning/host_diff/")),
    "project, user, token": (
        r"tenancy|tokens|credential|secrets|^sig|signing|access_key",
        ("app/identity/", "api/openstack/identity/"),
    ),
    "quota, claim": (r"quota|^claims$|^limits$", ()),
    "event": (r"^events?$|instance_actions", ()),
    "plan": (r"^plan$|^sections?$|stamper|compile", ("planning/sections/",)),
    "metadata": (r"^metadata$|^ec2$|^openstack$|^book$|config_drive", ()),
    "why": (r"^why$|diagnosis", ()),
}
ROOMS = ("core", "planning", "contracts", "app", "control", "agent", "adapters", "api", "ops", "cmd")
HEAD = """# Corridors

Each noun's path through the house, by the names of its files. Written by `tools/corridors.py`; do not edit.
"""


def page(house: Path = HOUSE) -> str:
    """The whole document, of the files that git knows, or of all where there is no git."""
    listed = subprocess.run(["git", "ls-files", "*.py"], cwd=house, capture_output=True, text=True, check=False)
    known = [Path(f) for f in listed.stdout.split()] or [p.relative_to(house) for p in house.rglob("*.py")]
    files = sorted(f.with_suffix("").as_posix() for f in known if (house / f).exists())
    parts = [HEAD]
    for noun, names in NOUNS.items():
        parts.append(f"\n## {noun}\n\n| | |\n|---|---|\n")
        for room in ROOMS:
            found = [f for f in files if f.startswith(f"{room}/") and _is_of(f, *names)]
            if found:
                parts.append(f"| {room} | {' · '.join(_link(f, room) for f in found)} |\n")
    return "".join(parts)


def _is_of(file: str, called: str, folders: tuple[str, ...]) -> bool:
    stem = file.rpartition("/")[2]
    if stem == "__init__" or "migrations/" in file:
        return False
    return file.startswith(folders) or re.search(called, stem) is not None


def _link(file: str, room: str) -> str:
    return f"[{file.removeprefix(room + '/')}](../src/kumoi/{file}.py)"


if __name__ == "__main__":
    PAGE.write_text(page())
