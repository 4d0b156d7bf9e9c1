"""The dashboard on a real cloud: a person launches a guest, uses both of its consoles, is led to it from outside, and
deletes it, in both languages, both themes, at a desk and on a phone."""

import json
import os
import re
import signal
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect
from tests.browser.conftest import chromium  # noqa: F401 - a fixture
from tests.e2e.ground import Ground, until
from tests.e2e.test_kill_everything import client as openstack

from kumoi.ops.client import Client
from kumoi.ops.credentials import Passwords

pytestmark = [pytest.mark.guest, pytest.mark.privileged, pytest.mark.timeout(900)]

BOOT_S = 180.0
PATIENCE_MS = 180_000
AGAIN_MS = 20_000
expect.set_options(timeout=PATIENCE_MS)
KEY_MS = 40  # a person's; a guest's keyboard remembers a few keys only
LINE = 3000  # lit pixels: more than a prompt has, less than a screen full of names
DESKTOP: Any = {"viewport": {"width": 1280, "height": 800}}
PHONE: Any = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
# With what is killed meanwhile.
VARIANTS = (
    ("en-US", "light", DESKTOP, "agent"),
    ("ja-JP", "dark", PHONE, "serve"),
    ("en-US", "dark", PHONE, "agent"),
    ("ja-JP", "light", DESKTOP, "serve"),
)
STATUS = {"en-US": ("Active", "Connected"), "ja-JP": ("稼働中", "接続中")}
LIT = """canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let lit = 0;
  for (let i = 0; i < data.length; i += 4) if (data[i] + data[i + 1] + data[i + 2] > 96) lit += 1;
  return lit;
}"""
TOLD = """() => {
  const text = document.getElementById("trouble-text");
  window.told = [];
  new MutationObserver(() => window.told.push(text.textContent)).observe(text, { childList: true });
}"""
BANNER = """
import socket
try:
    with socket.create_connection(({address!r}, 22), 5) as line:
        print(line.recv(64).decode("latin-1").split("-")[0])
except OSError as e:
    print(e)
"""


class Desk:
    """A person at one browser; `complaints`: what its pages' scripts said."""

    def __init__(self, chromium: Browser, cloud: Ground, variant: tuple[str, Any, Any, str]) -> None:  # noqa: F811
        self.locale, theme, size, self.killed = variant
        self.cloud = cloud
        self.context: BrowserContext = chromium.new_context(
            base_url=Client(cloud.state / "clouds.yaml").reach.url("http"),
            locale=self.locale,
            color_scheme=theme,
            **size,
        )
        self.context.set_default_timeout(PATIENCE_MS)
        self.complaints: list[str] = []
        self.context.on("console", lambda m: self.complaints.append(m.text) if _complains(m) else None)
        self.context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self.page = self.context.new_page()

    def sign_in(self) -> None:
        read = (self.cloud.state / "keys/first-passwords.json").read_bytes()
        self.page.goto("/sign-in")
        self.page.fill("#user", "admin")
        self.page.fill("#password", msgspec.json.decode(read, type=Passwords).admin)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(lambda url: "sign-in" not in url)

    def launch(self, name: str) -> None:
        self.page.goto("/launch")
        self.page.fill("#name", name)
        self.page.check("input[name=image]")
        expect(self.page.locator("#fit .notice.good")).to_be_visible()
        self.page.locator("#fit button.primary").click()
        self.page.wait_for_url(re.compile(r"/instances/[0-9a-f-]{36}$"))

    def console(self, kind: str) -> Page:
        """As its button opens it; connected."""
        self.page.bring_to_front()
        with self.context.expect_page() as opening:
            self.page.locator(f'form[action$="/console/{kind}"] button').click()
        connected(opening.value, self.locale)
        return opening.value

    def give_floating_ip(self) -> str:
        """By the instance's own page; the address that it shows then."""
        self.page.bring_to_front()
        self.page.locator('button[hx-get$="/floating-ip"]').click()
        self.page.locator("dialog[open] button.primary").click()
        taking = self.page.locator('button[hx-get^="/floating-ips/"]')
        expect(taking).to_be_visible()
        found = re.search(r"\d+\.\d+\.\d+\.\d+", str(taking.get_attribute("aria-label")))
        assert found is not None
        return found[0]

    def delete(self) -> None:
        self.page.bring_to_front()
        self.page.locator('button[hx-post="/instances/confirm"]').first.click()
        self.page.locator("dialog button.danger").click()
        expect(self.page).to_have_url(re.compile("/instances$"))

    def release(self, address: str) -> None:
        self.page = self.context.new_page()  # the other may still be on its way
        self.page.goto("/floating-ips")
        self.page.locator("tr", has_text=address).locator('button[hx-get$="/release"]').click()
        self.page.locator("dialog[open] button.danger").click()
        expect(self.page.locator("tr", has_text=address)).to_have_count(0)


def _complains(message: ConsoleMessage) -> bool:
    """That nobody answers while serve begins again is no fault of a script's."""
    return message.type == "error" and "net::ERR" not in message.text


@pytest.fixture(scope="module")
def cloud() -> Iterator[Ground]:
    one = Ground(real=True)
    try:
        one.run("up")
        rule = ("security", "group", "rule", "create", "--protocol", "tcp", "--dst-port", "22", "default")
        openstack(one, *rule)
        yield one
    finally:
        one.remove()


@pytest.fixture
def desk(request: pytest.FixtureRequest, chromium: Browser, cloud: Ground) -> Iterator[Desk]:  # noqa: F811
    made = Desk(chromium, cloud, request.param)
    made.sign_in()
    yield made
    made.context.close()
    assert made.complaints == []


def connected(console: Page, locale: str) -> None:
    expect(console.locator("#status-text")).to_have_text(STATUS[locale][1])


def says(serial: Page, word: str, act: Callable[[], None]) -> None:
    """The guest says this on its serial line when somebody acts; again and again, since a shell that only begins, and a
    keyboard whose guest has no time, drop what is typed."""

    def said() -> bool:
        act()
        serial.bring_to_front()
        try:
            expect(serial.locator(".xterm-rows")).to_contain_text(word, timeout=AGAIN_MS)
        except AssertionError:
            return False
        return True

    until(said, BOOT_S)


def types(serial: Page, number: int) -> None:
    """A sum is typed, and its result, which nobody typed, comes back; also by a console that first has to come back."""
    serial.bring_to_front()
    expect(serial.locator(".xterm-rows")).to_contain_text("#")

    def type_it() -> None:
        serial.locator(".xterm-helper-textarea").focus()
        serial.keyboard.type(f"\necho $(({number} * 7))-typed\n")

    says(serial, f"{number * 7}-typed", type_it)


def lit(screen: Page) -> int:
    return int(screen.locator("#stage canvas").evaluate(LIT))


def press(screen: Page, text: str) -> None:
    """Keys without Shift, which the browser's driver does not hold."""
    screen.bring_to_front()
    screen.locator("#stage canvas").focus()
    screen.keyboard.type(f"\n{text}\n", delay=KEY_MS)


def watch_the_screen(screen: Page, serial: Page) -> None:
    """It shows what the guest draws, and keys reach the guest: what they make it say comes by the other console."""
    screen.bring_to_front()
    until(lambda: lit(screen) > 0, BOOT_S)
    says(serial, "root:x:0", lambda: press(screen, "cp /etc/passwd /dev/console"))
    says(serial, "Linux version", lambda: press(screen, "clear; cp /proc/version /dev/console"))
    screen.bring_to_front()
    until(lambda: 0 < lit(screen) < LINE, BOOT_S)

    def drawn() -> bool:
        press(screen, "ls /bin")
        return lit(screen) > 2 * LINE

    until(drawn, BOOT_S)


def paste(screen: Page, serial: Page) -> None:
    """Signs that need Shift arrive as they are."""

    def paste_it() -> None:
        screen.bring_to_front()
        screen.locator("#paste").click()
        screen.locator("#typed").fill('\necho "P_{~}|"$((60 + 6)) > /dev/ttyS0\n')
        screen.locator("dialog[open] button.primary").click()

    says(serial, "P_{~}|66", paste_it)


def reached(cloud: Ground, address: str) -> bool:
    """Whether somebody outside of the guest's network is greeted by its SSH server."""
    return cloud.inside(BANNER.format(address=address)).strip() == "SSH"


def left_over(cloud: Ground, address: str) -> list[str]:
    """What a deleted guest and a released address have left on the host."""
    links = cloud.run("exec", "local", "--", "ip", "-o", "link")
    taps = re.findall(r": (tap[^:@]+)", links)
    routers = cloud.run("exec", "local", "--", "ip", "-all", "netns", "exec", "ip", "-o", "addr")
    guests = ["guest"] if cloud.guest_pid() else []
    return [*taps, *guests, *re.findall(rf"\b{re.escape(address)}\b", routers)]


def lose(cloud: Ground, name: str, console: Page) -> None:
    """Kill a process on the console's way; the page says that something is wrong."""
    console.evaluate(TOLD)
    record = json.loads((cloud.state / "ground/processes.json").read_text())
    os.kill(record["programs"][name]["process"]["pid"], signal.SIGKILL)
    until(lambda: console.evaluate("window.told.length") > 0, BOOT_S)


@pytest.mark.parametrize("desk", VARIANTS, indirect=True, ids=lambda v: f"{v[0]}-{v[1]}-{v[2]['viewport']['width']}")
def test_from_the_door_to_a_guest_and_back(desk: Desk, cloud: Ground) -> None:
    desk.launch("seen")
    expect(desk.page.locator(".page-title .badge")).to_contain_text(STATUS[desk.locale][0])
    serial = desk.console("serial")
    types(serial, 6)
    lose(cloud, desk.killed, serial)
    types(serial, 7)
    screen = desk.console("vnc")
    watch_the_screen(screen, serial)
    paste(screen, serial)
    address = desk.give_floating_ip()
    until(lambda: reached(cloud, address), BOOT_S)
    assert len(left_over(cloud, address)) >= 3  # a tap, the guest, the address
    desk.delete()
    for console in (serial, screen):
        console.bring_to_front()
        expect(console.locator("#end")).to_be_visible()
    desk.release(address)
    until(lambda: left_over(cloud, address) == [], BOOT_S)
