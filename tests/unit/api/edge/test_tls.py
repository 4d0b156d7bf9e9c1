"""A listener that speaks TLS: clients that trust the CA are served, others are not, and its certificate may change."""

import asyncio
import http.client
import socket
import ssl
import threading
import time
from pathlib import Path

import pytest
from tests.unit.api.edge.live_server import serving
from tests.unit.api.edge.test_app import edge, tell

from kumoi.adapters import certificates
from kumoi.api.edge.routes import Route
from kumoi.api.edge.tls import Certificate
from kumoi.core.errors import Invalid

NAMES = ("127.0.0.1", "localhost", "::1", "cloud.example")
YEAR_S = 365 * 86400.0


def strict(folder: Path) -> ssl.SSLContext:
    """As the newest Pythons check."""
    context = ssl.create_default_context(cafile=folder / "ca.pem")
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


def ask(address: str, context: ssl.SSLContext) -> tuple[int, bytes]:
    connection = http.client.HTTPSConnection(address, timeout=90, context=context)
    connection.request("GET", "/test/v2.1/word")
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


def shown(address: str, context: ssl.SSLContext) -> bytes:
    """The certificate that a new connection is shown."""
    host, _, port = address.partition(":")
    with socket.create_connection((host, int(port)), timeout=90) as wire, context.wrap_socket(
        wire, server_hostname=host
    ) as tls:
        found = tls.getpeercert(binary_form=True)
    assert found is not None
    return found


def test_who_trusts_the_ca_is_served_and_nobody_by_plain_http(tmp_path: Path) -> None:
    made = certificates.own(tmp_path, NAMES, time.time())
    app = edge(Route("GET", "/word", tell("word"), anonymous=True))
    with serving(app, Certificate(made.certificate, made.key)) as address:
        assert ask(address, strict(tmp_path)) == (200, b'"word"')
        assert ask(address.replace("127.0.0.1", "localhost"), strict(tmp_path))[0] == 200
        with pytest.raises(ssl.SSLCertVerificationError):
            ask(address, ssl.create_default_context())
        plain = http.client.HTTPConnection(address, timeout=90)
        plain.request("GET", "/test/v2.1/word")
        with pytest.raises((http.client.HTTPException, ConnectionError)):
            plain.getresponse()
        plain.close()
        old = strict(tmp_path)
        old.minimum_version, old.maximum_version = ssl.TLSVersion.MINIMUM_SUPPORTED, ssl.TLSVersion.TLSv1_2
        assert ask(address, old)[0] == 200


def test_a_new_certificate_is_shown_to_who_comes_next(tmp_path: Path) -> None:
    made = certificates.own(tmp_path, NAMES, time.time())
    app = edge(Route("GET", "/word", tell("word"), anonymous=True))
    certificate = Certificate(made.certificate, made.key)
    keeping = threading.Thread(target=lambda: asyncio.run(keep(certificate, over)), daemon=True)
    over = threading.Event()
    with serving(app, certificate) as address:
        keeping.start()
        try:
            first = shown(address, strict(tmp_path))
            certificates.own(tmp_path, (*NAMES, "another.example"), time.time())
            end = time.monotonic() + 60
            while (second := shown(address, strict(tmp_path))) == first:
                assert time.monotonic() < end
            made.certificate.write_bytes(b"no certificate")  # somebody's mistake harms nobody
            assert shown(address, strict(tmp_path)) == second
        finally:
            over.set()
            keeping.join()


async def keep(certificate: Certificate, over: threading.Event) -> None:
    keeping = asyncio.create_task(certificate.keep_fresh(every_s=0.02))
    await asyncio.to_thread(over.wait)
    keeping.cancel()


def test_the_own_certificate_stays_until_names_change_or_its_end_is_near(tmp_path: Path) -> None:
    now = time.time()
    made = certificates.own(tmp_path, NAMES, now)
    first = made.certificate.read_bytes()
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    assert certificates.own(tmp_path, reversed(NAMES), now + YEAR_S / 2) == made
    assert made.certificate.read_bytes() == first
    certificates.own(tmp_path, (*NAMES, "10.0.0.9"), now)
    second = made.certificate.read_bytes()
    assert second != first
    assert set(certificates.names_of(made.certificate)) == {*NAMES, "10.0.0.9"}
    certificates.own(tmp_path, (*NAMES, "10.0.0.9"), now + YEAR_S)
    assert made.certificate.read_bytes() != second
    ca = (tmp_path / "ca.pem").read_bytes()
    certificates.own(tmp_path, NAMES, now)
    assert (tmp_path / "ca.pem").read_bytes() == ca


def test_what_does_not_fit_together_is_refused(tmp_path: Path) -> None:
    now = time.time()
    (tmp_path / "other").mkdir()
    made, other = certificates.own(tmp_path, NAMES, now), certificates.own(tmp_path / "other", NAMES, now)
    certificate, key = made.certificate.read_bytes(), made.key.read_bytes()
    certificates.check(certificate, key, now)
    for wrong, reason in (
        ((b"x", key, now), "not_a_certificate"),
        ((certificate, b"x", now), "not_a_key"),
        ((certificate, other.key.read_bytes(), now), "not_its_key"),
        ((certificate, key, now + 2 * YEAR_S), "expired"),
    ):
        with pytest.raises(Invalid) as told:
            certificates.check(*wrong)
        assert told.value.facts["reason"] == reason
    certificates.keep(tmp_path, certificate, key)
    assert certificates.given(tmp_path).key.stat().st_mode & 0o777 == 0o600
