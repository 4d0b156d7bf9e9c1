"""Debian's Chromium on a simulated cloud that was started as its user starts it."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Browser, sync_playwright
from tests.conformance.conftest import SimulatedCloud

from kumoi.ops.credentials import Passwords

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


class Site:
    """A cloud for browsers: where it is, and its first users' passwords."""

    def __init__(self, cloud: SimulatedCloud, state: Path) -> None:
        self.cloud = cloud
        self.url = cloud.environ["AWS_ENDPOINT_URL_EC2"].removesuffix("/ec2")
        self.passwords = msgspec.json.decode((state / "keys/first-passwords.json").read_bytes(), type=Passwords)


@pytest.fixture(scope="session")
def site(clone: Path) -> Iterator[Site]:
    folder = Path(tempfile.mkdtemp(prefix="kumoi-web-"))
    folder.chmod(0o755)
    cloud = SimulatedCloud(clone, folder / "cloud")
    try:
        cloud.start()
        yield Site(cloud, folder / "cloud")
    finally:
        cloud.end()
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()
