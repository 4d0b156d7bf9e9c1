"""Files for browsers: an address that changes with the content, kept for ever, packed once."""

import asyncio
import gzip
from pathlib import Path

import pytest
from tests.unit.api.edge.asgi_client import Answer, call

from kumoi.api.edge.app import Edge
from kumoi.api.web.assets import FOLDER, Assets, tongue

SCRIPT = b"export const one = 1;\n" * 100


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "console").mkdir()
    (tmp_path / "console/serial.js").write_bytes(SCRIPT)
    (tmp_path / "dot.png").write_bytes(b"\x89PNG")
    (tmp_path / "LICENSE").write_text("as you like")
    return tmp_path


def get(assets: Assets, target: str, method: str = "GET", **headers: str) -> Answer:
    app = Edge([tongue(assets)], now=lambda: 0.0, new_id=lambda: "1")
    try:
        return asyncio.run(call(app, method, target, [(k.replace("_", "-"), v) for k, v in headers.items()]))
    finally:
        app.close()


def test_a_file_is_kept_for_ever(folder: Path) -> None:
    assets = Assets(folder)
    answer = get(assets, assets.url("console/serial.js"))
    assert (answer.status, answer.body) == (200, SCRIPT)
    assert answer.header("content-type") == "text/javascript; charset=utf-8"
    assert answer.header("cache-control") == "public, max-age=31536000, immutable"
    assert answer.header("content-encoding") is None


def test_it_is_packed_for_those_who_take_it(folder: Path) -> None:
    assets = Assets(folder)
    url = assets.url("console/serial.js")
    packed = get(assets, url, accept_encoding="br, gzip;q=0.8")
    assert packed.header("content-encoding") == "gzip"
    assert gzip.decompress(packed.body) == SCRIPT
    assert (get(assets, url, accept_encoding="gzip;q=0")).body == SCRIPT
    image = get(assets, assets.url("dot.png"), accept_encoding="gzip")
    assert (image.header("content-encoding"), image.header("content-type")) == (None, "image/png")


def test_what_a_browser_has_is_not_sent_again(folder: Path) -> None:
    assets = Assets(folder)
    url = assets.url("console/serial.js")
    plain = (get(assets, url)).header("etag") or ""
    packed = (get(assets, url, accept_encoding="gzip")).header("etag") or ""
    assert plain != packed
    again = get(assets, url, if_none_match=f'"other", W/{plain}')
    assert (again.status, again.body, again.header("etag")) == (304, b"", plain)
    assert (get(assets, url, accept_encoding="gzip", if_none_match=plain)).status == 200


def test_any_change_is_another_address(folder: Path) -> None:
    before = Assets(folder)
    (folder / "console/serial.js").write_bytes(SCRIPT + b"//")
    after = Assets(folder)
    assert before.url("dot.png") != after.url("dot.png")
    # A page from before gets what there is, and does not keep it.
    late = get(after, before.url("console/serial.js"))
    assert (late.status, late.body) == (200, SCRIPT + b"//")
    assert late.header("cache-control") == "no-cache"


def test_only_what_browsers_load_is_there(folder: Path) -> None:
    assets = Assets(folder)
    base = f"/assets/{assets.digest}"
    for name in ("LICENSE", "nothing.js", "../assets.py", "%2e%2e/assets.py", "console", ""):
        assert (get(assets, f"{base}/{name}")).status == 404, name
    with pytest.raises(KeyError):
        assets.url("LICENSE")


def test_the_head_alone(folder: Path) -> None:
    assets = Assets(folder)
    head = get(assets, assets.url("console/serial.js"), "HEAD")
    assert (head.status, head.body, head.header("content-length")) == (200, b"", str(len(SCRIPT)))


def test_the_packages_modules_are_found() -> None:
    assets = Assets(FOLDER)
    assert assets.url("vendor/novnc/core/rfb.js") in assets.urls("vendor/novnc/core")
    assert assets.url("vendor/xterm/lib/xterm.mjs")
