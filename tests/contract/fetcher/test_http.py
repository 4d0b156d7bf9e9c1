"""The HTTP fetcher: what it brings, and where it never looks, by whatever way it is led there."""

import http.server
import ipaddress
import threading
from collections.abc import Iterator

import pytest

from kumoi.adapters.http_fetcher import HttpFetcher
from kumoi.core.errors import Invalid, Unavailable

LOOPBACK = ipaddress.ip_network("127.0.0.1/32")
PAGE = b"\1" * 3_000_000


class Pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        match self.path:
            case "/page?x=1":
                self._answer(200, PAGE)
            case "/near":
                self._answer(302, b"", Location="/page?x=1")
            case "/inner":
                self._answer(302, b"", Location="http://169.254.169.254/latest/meta-data")
            case "/file":
                self._answer(302, b"", Location="file:///etc/passwd")
            case "/round":
                self._answer(302, b"", Location="/round")
            case "/short":
                self.send_response(200)
                self.send_header("Content-Length", "100")
                self.end_headers()
                self.wfile.write(b"less")
            case _:
                self._answer(404, b"")

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_page_comes_whole_also_by_a_redirect(site: str) -> None:
    fetcher = HttpFetcher((LOOPBACK,))
    for path in ("/page?x=1", "/near"):
        assert b"".join(fetcher.fetch(site + path)) == PAGE


@pytest.mark.parametrize("path", ["/inner", "/file", "/round"])
def test_no_redirect_leads_to_where_it_may_not_look(site: str, path: str) -> None:
    with pytest.raises(Invalid):
        list(HttpFetcher((LOOPBACK,)).fetch(site + path))


@pytest.mark.parametrize("path", ["/short", "/nothing"])
def test_what_is_cut_off_or_not_there_is_no_page(site: str, path: str) -> None:
    with pytest.raises(Unavailable):
        list(HttpFetcher((LOOPBACK,)).fetch(site + path))


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost/",
        "http://10.0.0.1/",
        "http://172.24.4.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://0.0.0.0/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[fe80::1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://1.1.1.1:22/",
        "http://user:secret@1.1.1.1/",
        "ftp://1.1.1.1/",
        "file:///etc/passwd",
        "http:///nowhere",
        "http://1.1.1.1:99999/",
    ],
)
def test_only_public_addresses_are_asked_and_only_on_their_ports(url: str) -> None:
    with pytest.raises(Invalid):
        HttpFetcher().check(url)
    with pytest.raises(Invalid):
        next(HttpFetcher().fetch(url))


def test_a_name_is_judged_by_its_address(site: str) -> None:
    """As spelt it passes; what it leads to does not."""
    port = site.rpartition(":")[2]
    for name in ("127.1", "0x7f.1", "2130706433"):
        with pytest.raises((Invalid, Unavailable)):
            next(HttpFetcher().fetch(f"http://{name}:{port}/page?x=1"))
