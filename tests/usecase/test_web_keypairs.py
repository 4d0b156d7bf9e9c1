"""Key pairs in the dashboard: a private key is given once, to its maker, and what is wrong is said at its field."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from tests.unit.api.edge.asgi_client import Answer
from tests.usecase.test_web import Browser

HX = ("hx-request", "true")
PUBLIC = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJmxzYt8sX9aYG6tvj9oRgQ6y8m1ZQ1xIEcb7SSXV1eQ me@home"


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with asyncio.Runner() as runner:
        made = Browser(tmp_path, runner)
        made.sign_in()
        yield made
        made.close()


def post(browser: Browser, path: str, *more: tuple[str, str], **fields: str) -> Answer:
    body = urlencode({"csrf": browser.token(), **fields}).encode()
    return browser.ask("POST", path, HX, *more, body=body)


def page(browser: Browser, path: str, *more: tuple[str, str]) -> str:
    answer = browser.ask("GET", path, *more)
    assert answer.status == 200, answer.body
    return answer.body.decode()


def ids(browser: Browser) -> list[str]:
    return re.findall(r'name="ids" value="([^"]+)"', page(browser, "/keypairs"))


def test_a_private_key_comes_once_as_a_file_that_nothing_keeps(browser: Browser) -> None:
    answer = post(browser, "/keypairs/create", name="my key/\u00fc")
    assert answer.header("content-disposition") == 'attachment; filename="my-key.pem"'
    assert answer.header("cache-control") == "no-store"
    assert answer.body.startswith(b"-----BEGIN OPENSSH PRIVATE KEY-----")
    everything = page(browser, "/keypairs") + page(browser, f"/keypairs/{ids(browser)[0]}", HX)
    assert "my key/\u00fc" in everything
    assert "PRIVATE" not in everything
    assert "SHA256:" in everything


def test_a_name_that_is_taken_is_told_at_the_name_in_the_readers_language(browser: Browser) -> None:
    post(browser, "/keypairs/create", name="laptop")
    for path, more in (("/keypairs/create", {}), ("/keypairs/import", {"public_key": PUBLIC})):
        answer = post(browser, path, name="laptop", **more)
        assert answer.status == 409
        assert 'id="name-error"' in answer.body.decode()
        assert "exists already" in answer.body.decode()
    spoken = post(browser, "/keypairs/create", ("accept-language", "ja"), name="")
    assert spoken.status == 422
    assert re.search(r'id="name-error">.*[\u3040-\u30ff]', spoken.body.decode(), re.DOTALL)


def test_what_is_no_key_is_told_at_the_key_and_nothing_typed_is_lost(browser: Browser) -> None:
    answer = post(browser, "/keypairs/import", name="mine", public_key="-----BEGIN nonsense")
    assert answer.status == 422
    assert 'id="public_key-error"' in answer.body.decode()
    assert 'value="mine"' in answer.body.decode()
    assert "-----BEGIN nonsense</textarea>" in answer.body.decode()
    assert ids(browser) == []


def test_imported_keys_are_found_sorted_and_deleted_together(browser: Browser) -> None:
    for name in ("beta", "alpha", "100%"):
        assert post(browser, "/keypairs/import", name=name, public_key=PUBLIC).status == 204
    shown = page(browser, "/keypairs?sort=-name")
    assert shown.index(">beta<") < shown.index(">alpha<") < shown.index(">100%<")
    assert "alpha" not in page(browser, "/keypairs?q=%25", HX, ("hx-target", "div#table"))
    asked = page(browser, "/keypairs/delete?" + "&".join(f"ids={one}" for one in ids(browser)), HX)
    assert all(name in asked for name in ("alpha", "beta", "100%"))
    body = urlencode([("csrf", browser.token()), *(("ids", one) for one in ids(browser))]).encode()
    assert browser.ask("POST", "/keypairs/delete", HX, body=body).status == 204
    assert 'class="sheet vacant"' in page(browser, "/keypairs", HX, ("hx-target", "div#table"))


def test_another_users_key_is_not_there(browser: Browser) -> None:
    post(browser, "/keypairs/create", name="mine")
    mine = ids(browser)[0]
    browser.cookies = {}
    browser.sign_in("admin", "a")
    assert browser.ask("GET", f"/keypairs/{mine}").status == 404
    assert browser.ask("GET", f"/keypairs/delete?ids={mine}").status == 404
    assert post(browser, "/keypairs/delete", ids=mine).status == 404
    assert ids(browser) == []


def test_a_name_is_only_ever_text(browser: Browser) -> None:
    name = '"><script>alert(1)</script>\u202e' + "x" * 200
    post(browser, "/keypairs/import", name=name, public_key=PUBLIC)
    for shown in (page(browser, "/keypairs"), page(browser, f"/keypairs/delete?ids={ids(browser)[0]}", HX)):
        assert "<script>alert" not in shown
        assert "<bdi" in shown


def test_a_full_quota_is_told_before_one_tries(browser: Browser) -> None:
    browser.cloud.store.write(lambda tx: tx.counters.set_most(f"project/{browser.cloud.project}", "key_pairs", 0))
    shown = page(browser, "/keypairs")
    assert 'aria-disabled="true"' in shown
    assert "The quota is used up: 0 of 0." in shown
    assert post(browser, "/keypairs/create", name="one").status == 403
