"""TLS of a listener: which versions are spoken, and a certificate that may be replaced while it serves."""

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog

LOOK_EVERY_S: Final = 60.0
log = structlog.get_logger("kumoi.edge")


class Certificate:
    """`renew` (in a thread, now and then) sees to it that the files are good; who connects afterwards sees them."""

    def __init__(self, certificate: Path, key: Path, renew: Callable[[], object] = lambda: None) -> None:
        self._files = certificate, key
        self._renew = renew
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.set_alpn_protocols(["http/1.1"])
        self._seen = self._load()

    async def keep_fresh(self, every_s: float = LOOK_EVERY_S) -> None:
        """Until cancelled. Files that cannot be used leave what is served as it was."""
        while True:
            await asyncio.sleep(every_s)
            try:
                await asyncio.to_thread(self._renew)
                if self._stamp() != self._seen:
                    self._seen = self._load()
                    log.info("certificate renewed")
            except (OSError, ValueError) as error:  # ssl's are OSErrors
                log.warning("certificate unusable", error=str(error))

    def _load(self) -> tuple[float, ...]:
        stamp = self._stamp()
        self.context.load_cert_chain(*self._files)
        return stamp

    def _stamp(self) -> tuple[float, ...]:
        return tuple(path.stat().st_mtime for path in self._files)
