"""Pages of security groups: the list, rules by presets, what is refused and where it is said."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.usecase.test_web import Browser
from tests.usecase.web_visits import HTMX, other_project, post, read

from kumoi.app.networks.security_groups import GroupView, GroupWish, create_groups, find_groups
from kumoi.app.quotas import set_quota
from kumoi.core.ids import GroupId
from kumoi.core.query import Query

HOSTILE = "<script>alert(1)</script>\u202egnp"


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with asyncio.Runner() as runner:
        made = Browser(tmp_path, runner)
        made.sign_in()
        yield made
        made.close()


def group(browser: Browser, name: str = "web") -> GroupId:
    return create_groups(browser.cloud.house, browser.cloud.call(), (GroupWish(name=name),))[0].group.id


def view(browser: Browser, group_id: str) -> GroupView:
    found = find_groups(browser.cloud.house, browser.cloud.call(), Query())
    return next(v for v in found if v.group.id == group_id)


def test_a_project_sees_its_default_group_explained(browser: Browser) -> None:
    page = read(browser, "/security-groups")
    assert "default" in page
    default = next(v for v in find_groups(browser.cloud.house, browser.cloud.call(), Query()))
    shown = read(browser, f"/security-groups/{default.group.id}")
    assert "Every project has this group" in shown
    assert 'aria-disabled="true"' in shown  # it cannot be deleted, and that is said


def test_a_group_is_made_and_its_page_opened(browser: Browser) -> None:
    answer = post(browser, "/security-groups", name="web", description="front")
    assert answer.status == 200
    target = str(answer.header("hx-redirect"))
    assert ">web<" in read(browser, target)


@pytest.mark.parametrize(
    ("preset", "wanted"),
    [
        ("ssh", {("IPv4", "tcp", 22), ("IPv6", "tcp", 22)}),
        ("ping", {("IPv4", "icmp", None), ("IPv6", "ipv6-icmp", None)}),
        ("all", {("IPv4", None, None), ("IPv6", None, None)}),
    ],
)
def test_a_preset_is_a_rule_of_each_ip_version(
    browser: Browser, preset: str, wanted: set[tuple[str, str | None, int | None]]
) -> None:
    group_id = group(browser)
    answer = post(browser, f"/security-groups/{group_id}/rules", direction="ingress", preset=preset, remote="any")
    assert answer.status == 204
    rules = [r for r in view(browser, group_id).rules if r.direction == "ingress"]
    assert {(r.ether_type, r.protocol, r.port_min) for r in rules} == wanted


def test_a_block_tells_its_ip_version(browser: Browser) -> None:
    group_id = group(browser)
    form = {"direction": "ingress", "preset": "custom", "protocol": "udp", "port_from": "53", "remote": "cidr"}
    assert post(browser, f"/security-groups/{group_id}/rules", **form, remote_cidr="2001:db8::/32").status == 204
    found = [r for r in view(browser, group_id).rules if r.direction == "ingress"]
    assert [(r.ether_type, r.port_min, r.port_max, r.remote_cidr) for r in found] == [("IPv6", 53, 53, "2001:db8::/32")]


def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(browser: Browser) -> None:
    group_id = group(browser)
    answer = post(browser, f"/security-groups/{group_id}/rules", preset="ssh", remote="cidr", remote_cidr="nowhere")
    text = answer.body.decode()
    assert answer.status == 422
    assert 'id="remote_cidr-error"' in text
    assert 'value="nowhere"' in text
    assert len(view(browser, group_id).rules) == 2


def test_a_rule_is_removed_after_a_question(browser: Browser) -> None:
    group_id = group(browser)
    rule = view(browser, group_id).rules[0]
    question = read(browser, f"/security-groups/{group_id}/rules/{rule.id}/delete", HTMX)
    assert f'action="/security-groups/{group_id}/rules/{rule.id}/delete"' in question
    assert post(browser, f"/security-groups/{group_id}/rules/{rule.id}/delete").status == 204
    assert rule.id not in {r.id for r in view(browser, group_id).rules}


def test_a_full_quota_greys_what_would_make_more(browser: Browser) -> None:
    set_quota(browser.cloud.house, browser.cloud.call(admin=True), browser.cloud.project, {"security_groups": 1})
    assert "The quota is used up: 1 of 1." in read(browser, "/security-groups")
    answer = post(browser, "/security-groups", name="more")
    assert answer.status == 403
    assert "quota" in answer.body.decode()


def test_another_projects_group_is_not_there(browser: Browser) -> None:
    theirs = create_groups(browser.cloud.house, other_project(browser.cloud), (GroupWish(name="theirs"),))[0].group.id
    assert "theirs" not in read(browser, "/security-groups")
    for path in ("", "/edit", "/delete", "/rules/new"):
        assert browser.ask("GET", f"/security-groups/{theirs}{path}").status == 404
    assert post(browser, f"/security-groups/{theirs}/delete").status == 404


def test_a_hostile_name_is_only_a_name(browser: Browser) -> None:
    group_id = group(browser, HOSTILE)
    for path in ("/security-groups", f"/security-groups/{group_id}", f"/security-groups/{group_id}/delete"):
        page = read(browser, path)
        assert "<script>alert" not in page
        assert "&lt;script&gt;" in page


def test_pages_speak_japanese(browser: Browser) -> None:
    page = browser.ask("GET", "/security-groups", ("accept-language", "ja")).body.decode()
    assert "セキュリティグループを作成" in page
