"""What the serve process is made of."""

import socket
from collections.abc import Callable
from pathlib import Path

from kumoi.adapters.backups.chunks import ChunkedBackups
from kumoi.adapters.backups.folder import FolderObjects
from kumoi.adapters.hints_local import LocalHints
from kumoi.adapters.http_fetcher import HttpFetcher
from kumoi.adapters.linux.resolver import Resolver, servers
from kumoi.adapters.openid import HttpOpenId
from kumoi.adapters.secrets import Argon2Passwords, FernetTokens, FernetVault, SshKeys
from kumoi.adapters.sql.shelf import open_shelf
from kumoi.adapters.sql.store import open_store
from kumoi.adapters.storage.blobs import FileBlobs
from kumoi.adapters.storage.converter import ConfinedConverter
from kumoi.adapters.storage.inspector import ConfinedInspector
from kumoi.adapters.system import SystemChance, SystemClock
from kumoi.app.house import House, Rules
from kumoi.app.rooms import Rooms
from kumoi.core.ids import HostId, host_section
from kumoi.core.parts import Off
from kumoi.core.passwords import PasswordRules
from kumoi.runtime.asks import AskDesk
from kumoi.runtime.series import Series
from kumoi.runtime.settings import Settings


def house(settings: Settings, committed: Callable[[float], None]) -> House:
    """What the doors of the serve process use. `committed` is told how many seconds each commit took."""
    keys: Path = settings.state / "keys"
    hints = LocalHints()
    store = open_store(settings.database_url, committed)

    def woken(host_id: HostId) -> None:
        hints.publish("section", host_section(host_id))

    return House(
        store=store,
        hints=hints,
        clock=SystemClock(),
        chance=SystemChance(),
        blobs=FileBlobs(settings.state / "blobs"),
        backups=ChunkedBackups(FolderObjects(_backups(settings))),
        inspector=ConfinedInspector(),
        converter=ConfinedConverter(),
        fetcher=HttpFetcher(settings.images.networks),
        passwords=Argon2Passwords(),
        vault=FernetVault(keys),
        tokens=FernetTokens(keys / "tokens"),
        keys=SshKeys(),
        openid=HttpOpenId(SystemClock()),
        rooms=Rooms(store),
        asks=AskDesk(woken),
        series=Series(open_shelf(settings.database_url)),
        rules=_rules(settings),
    )


def _backups(settings: Settings) -> Path:
    return Path(settings.backups.folder) if settings.backups.folder else settings.state / "backups"


def _rules(settings: Settings) -> Rules:
    return Rules(
        pool_overcommit=settings.storage.overcommit,
        region=settings.cloud.region,
        token_ttl_s=settings.identity.token_ttl_s,
        passwords=PasswordRules(
            pattern=settings.identity.password_pattern,
            pattern_says=settings.identity.password_pattern_says,
            history=settings.identity.password_history,
            expires_days=settings.identity.password_expires_days,
            lockout_attempts=settings.identity.lockout_attempts,
            lockout_s=settings.identity.lockout_s,
        ),
        trusted_dashboards=settings.identity.dashboards,
        terminated_shown_s=settings.retention.terminated_s,
        underlay_mtu=settings.network.underlay_mtu,
        off=Off(settings.parts.off),
    )


def resolver(settings: Settings, listener: socket.socket) -> Resolver:
    """Who asks for guests' other names, outside."""
    return Resolver(listener, lambda: servers(settings.network.dns_servers))
