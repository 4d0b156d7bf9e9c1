"""The dashboard as a person uses it: nothing is reloaded by hand, no script complains, axe finds nothing serious."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.browser.conftest import Site

expect.set_options(timeout=30_000)  # a busy machine; what never comes fails all the same
HINDERING = {"moderate", "serious", "critical"}
DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
PAGES = (
    "/", "/instances", "/launch", "/images", "/keypairs", "/topology", "/networks", "/routers", "/security-groups",
    "/floating-ips", "/api-access", "/account", "/admin/hosts", "/admin/instances", "/admin/projects", "/admin/users",
    "/admin/flavors", "/admin/machinery", "/admin/events", "/volumes", "/snapshots", "/backups", "/admin/volume-types",
)  # fmt: skip
WITH_DETAILS = ("/images", "/networks", "/routers", "/security-groups", "/admin/hosts")  # of the first that is listed
ACTIVE = {"en-US": "Active", "ja-JP": "稼働中"}
AT_REST = """() => Promise.allSettled(document.getAnimations()
  .filter((one) => one.effect.getComputedTiming().iterations !== Infinity).map((one) => one.finished))"""
STOPPED = {"en-US": "Stopped", "ja-JP": "停止"}


class Visit:
    """A signed-in browser of one language, theme and width; `complaints`: what its consoles said.

    axe takes longer than all else. It is asked at every other page, from the `first` on: visits of one theme begin at
    different ones, so that together they ask at every page, in both themes.
    """

    def __init__(
        self, chromium: Browser, site: Site, locale: str, theme: str, size: dict[str, int], first: int = 0
    ) -> None:
        self.site, self.locale, self.turn = site, locale, first
        scheme: Any = theme
        viewport: Any = size
        self.context: BrowserContext = chromium.new_context(
            viewport=viewport, color_scheme=scheme, locale=locale, base_url=site.url, reduced_motion="reduce"
        )
        self.complaints: list[str] = []
        self.page = self.tab()

    def tab(self) -> Page:
        page = self.context.new_page()
        page.on("console", lambda m: self.complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def sign_in(self) -> None:
        self.page.goto("/sign-in")
        self.page.fill("#user", "admin")
        self.page.fill("#password", self.site.passwords.admin)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(lambda url: "sign-in" not in url)

    def look(self) -> None:
        """No wider than the window, and (in turn) nothing that keeps people out. What is still fading in has no colours
        yet."""
        self.page.evaluate(AT_REST)
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, self.page.url
        self.turn += 1
        if self.turn % 2:
            found = Axe().run(self.page, options={"resultTypes": ["violations"]}).response["violations"]
            bad = [(v["id"], n["html"][:160]) for v in found if v["impact"] in HINDERING for n in v["nodes"]]
            assert bad == [], self.page.url

    def details(self, path: str) -> str:
        """Where the first row of a list leads."""
        address = self.page.locator(f"main .main-cell > a[href^='{path}/']").first.get_attribute("href")
        assert address is not None
        return address

    def launch(self, name: str) -> None:
        self.page.goto("/launch")
        self.page.fill("#name", name)
        self.page.check("input[name=image]")
        expect(self.page.locator("#fit .notice.good")).to_be_visible()
        self.page.locator("#fit button.primary").click()
        self.page.wait_for_url(re.compile(r"/instances/[0-9a-f-]{36}$"))


@pytest.fixture(params=[("en-US", "light", DESKTOP, 0), ("ja-JP", "dark", PHONE, 0), ("en-US", "dark", PHONE, 1),
                        ("ja-JP", "light", DESKTOP, 1)], ids=lambda p: f"{p[0]}-{p[1]}-{p[2]['width']}")  # fmt: skip
def visit(request: pytest.FixtureRequest, chromium: Browser, site: Site) -> Iterator[Visit]:
    made = Visit(chromium, site, *request.param)
    yield made
    made.context.close()
    assert made.complaints == []


@pytest.fixture
def plain(chromium: Browser, site: Site) -> Iterator[Visit]:
    made = Visit(chromium, site, "en-US", "light", DESKTOP)
    made.sign_in()
    yield made
    made.context.close()


def test_from_the_door_to_a_machine_and_back(visit: Visit) -> None:
    visit.page.goto("/sign-in")
    visit.look()
    visit.sign_in()
    for path in PAGES:
        visit.page.goto(path)
        visit.look()
        if path in WITH_DETAILS:
            visit.page.goto(visit.details(path))
            visit.look()
    visit.launch("first")
    badge = visit.page.locator(".page-title .badge")
    expect(badge).to_contain_text(ACTIVE[visit.locale])
    visit.look()
    visit.page.locator('button[hx-post$="/stop"]').click()
    expect(badge).to_contain_text(STOPPED[visit.locale])
    for tab in ("metrics", "log"):
        visit.page.locator(f'.tabs a[href$="/{tab}"]').click()
        visit.look()
    visit.page.locator('button[hx-post="/instances/confirm"]').first.click()
    expect(visit.page.locator("dialog[open]")).to_be_visible()
    visit.look()
    visit.page.locator("dialog button.danger").click()
    expect(visit.page).to_have_url(re.compile("/instances$"))  # led there twice: by the answer, and by the news


def test_what_another_does_appears_by_itself(plain: Visit) -> None:
    """In a list, in two tabs, without a click; also in one that was sorted anew, and was wired anew for it."""
    plain.page.goto("/instances")
    other = plain.tab()
    other.goto("/instances")
    cloud = plain.site.cloud
    cloud.openstack("server", "create", "--image", "tiny", "--flavor", "m1.nano", "--nic", "none", "from-outside")
    for page in (plain.page, other):
        row = page.locator("tr", has_text="from-outside")
        expect(row).to_contain_text("Active")
    other.locator("th a.sort").first.click()
    expect(other.locator("th a.sort").first).to_have_attribute("href", re.compile("sort=-name"))
    cloud.openstack("server", "delete", "from-outside")
    for page in (plain.page, other):
        expect(page.locator("#table")).to_have_attribute("data-htmx-powered", "true")
        expect(page.locator("tr", has_text="from-outside")).to_have_count(0)


def test_many_tabs_are_all_alive(plain: Visit) -> None:
    """A browser opens six connections to a place; a seventh page must load and live all the same."""
    tabs = [plain.page, *(plain.tab() for _ in range(8))]
    for tab in tabs:
        tab.goto("/keypairs")
        expect(tab.locator("#live")).to_have_attribute("data-state", "on")
    tabs[0].goto("/account")
    expect(tabs[0].locator("h1")).to_be_visible()


def test_by_keyboard_alone(plain: Visit) -> None:
    """From the list to a machine that is deleted, without a pointer."""
    plain.launch("by-keys")
    plain.page.goto("/instances")
    press = plain.page.keyboard.press
    press("/")
    plain.page.keyboard.type("by-keys")
    expect(plain.page.locator("tbody tr")).to_have_count(1)
    plain.page.locator("tbody tr .end button").focus()
    press("Enter")
    expect(plain.page.locator("#row-menu .menu-item").first).to_be_focused()
    press("End")
    press("Enter")
    expect(plain.page.locator("dialog[open]")).to_be_visible()
    press("Tab")
    press("Enter")
    expect(plain.page.locator("tbody tr", has_text="by-keys")).to_have_count(0)


def test_what_does_not_fit_is_said_before_it_is_asked_for(plain: Visit) -> None:
    plain.page.goto("/launch")
    plain.page.fill("#name", "many")
    plain.page.check("input[name=image]")
    plain.page.fill("#count", "999")
    verdict = plain.page.locator("#fit .notice.bad")
    expect(verdict).to_contain_text("quota of instances is exceeded")
    plain.page.fill("#count", "1")
    expect(plain.page.locator("#fit .notice.good")).to_be_visible()


def test_many_are_stopped_and_deleted_at_once(plain: Visit) -> None:
    for name in ("bulk-1", "bulk-2"):
        plain.launch(name)
    plain.page.goto("/instances?q=bulk-")
    expect(plain.page.locator("tbody .badge.good")).to_have_count(2)
    plain.page.check("[data-pick-all]")
    plain.page.locator(".bulk button", has_text="Stop").click()
    expect(plain.page.locator("dialog .good-mark")).to_have_count(2)
    plain.page.locator("dialog [data-close]").last.click()
    expect(plain.page.locator("tbody .badge.idle")).to_have_count(2)
    plain.page.locator(".bulk button.danger").click()
    plain.page.locator("dialog button.danger").click()
    expect(plain.page.locator("dialog .good-mark")).to_have_count(2)
    expect(plain.page.locator("tbody tr")).to_have_count(0)
