"""What others wrote is what they wrote: pinned, licensed, and as SUMS says to the last byte."""

import hashlib
import tomllib
from pathlib import Path

import pytest

OURS = {"packages.toml", "SUMS"}


@pytest.fixture(scope="module")
def vendor(clone: Path) -> Path:
    return clone / "src/kumoi/api/web/assets/vendor"


def test_every_file_is_as_its_sum_says(vendor: Path) -> None:
    there = {p.relative_to(vendor).as_posix(): p for p in vendor.rglob("*") if p.is_file()}
    found = {name: hashlib.sha256(p.read_bytes()).hexdigest() for name, p in there.items() if name not in OURS}
    lines = (vendor / "SUMS").read_text().splitlines()
    assert found == {name: digest for digest, name in (line.split("  ", 1) for line in lines)}


def test_every_package_is_pinned_and_licensed(vendor: Path) -> None:
    pins = tomllib.loads((vendor / "packages.toml").read_text())
    assert {p.name for p in vendor.iterdir() if p.is_dir()} == set(pins)
    for name, pin in pins.items():
        assert pin["integrity"].startswith("sha512-"), name
        assert all(part.isdigit() for part in pin["version"].split(".")), name
        assert pin["licence"], name
        assert list((vendor / name).glob("LICENSE*")), f"{name}: its licence is to be copied too"
