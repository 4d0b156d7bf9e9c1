"""What the public listener shows of itself where it speaks TLS, and by what name clients call it."""

import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

from kumoi.adapters import certificates
from kumoi.api.edge.tls import Certificate
from kumoi.core.errors import Unavailable
from kumoi.runtime.settings import Settings
from kumoi.runtime.state_folder import StateFolder

EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - no name of anybody's


def certificate(chosen: Settings) -> Certificate | None:
    """None for plain HTTP. Raises Unavailable (what: certificate) where none was given yet."""
    folder = StateFolder(chosen.state).tls
    if chosen.api.tls == "off":
        return None
    if chosen.api.tls == "given":
        given = certificates.given(folder)
        if not given.certificate.exists():
            raise Unavailable("api", what="certificate", reason="not_given")
        return Certificate(given.certificate, given.key)
    names = frozenset(_names(chosen))

    def renewed() -> certificates.Shown:
        return certificates.own(folder, names, time.time())

    shown = renewed()
    return Certificate(shown.certificate, shown.key, renewed)


def trusted(chosen: Settings) -> str:
    """The file by which clients know this cloud, renewed; empty where they need none."""
    state = StateFolder(chosen.state)
    if chosen.api.tls != "own":
        return ""
    text = (state.tls / "ca.pem").read_bytes()
    if not state.ca.exists() or state.ca.read_bytes() != text:
        state.ca.write_bytes(text)
    return str(state.ca)


def url(chosen: Settings, listener: socket.socket) -> str:
    """Where clients reach it when no public URL is set: by a name that its certificate has."""
    host, port = listener.getsockname()[:2]
    if chosen.api.tls == "given":
        names = certificates.names_of(certificates.given(StateFolder(chosen.state).tls).certificate)
        host = next((name for name in names if not name.startswith("*")), host)
    return f"{chosen.api.scheme}://[{host}]:{port}" if ":" in host else f"{chosen.api.scheme}://{host}:{port}"


def read(certificate_file: Path, key_file: Path) -> tuple[bytes, bytes]:
    """A certificate and its key that somebody gives. Raises Invalid."""
    found = certificate_file.read_bytes(), key_file.read_bytes()
    certificates.check(*found, time.time())
    return found


def _names(chosen: Settings) -> list[str]:
    told = [word.strip() for word in chosen.api.tls_names.split(",") if word.strip()]
    public = urlsplit(chosen.api.public_url).hostname
    host = [] if chosen.api.host in EVERYWHERE else [chosen.api.host]
    return ["localhost", "127.0.0.1", "::1", socket.gethostname(), *host, *([public] if public else []), *told]
