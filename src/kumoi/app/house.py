"""What every door is handed: the ports it may use. Wired in `cmd/wiring.py`; nothing here does anything."""

import msgspec

from kumoi.app.holdings import Holdings
from kumoi.app.identity.remembered import Remembered
from kumoi.app.rooms import Rooms
from kumoi.contracts.asks import Asks
from kumoi.contracts.backups import Backups
from kumoi.contracts.blobs import Blobs
from kumoi.contracts.chance import Chance
from kumoi.contracts.clock import Clock
from kumoi.contracts.converter import Converter
from kumoi.contracts.fetcher import Fetcher
from kumoi.contracts.hints import Hints
from kumoi.contracts.inspector import Inspector
from kumoi.contracts.openid import OpenId
from kumoi.contracts.secrets import KeyMaker, Passwords, Tokens, Vault
from kumoi.contracts.store import Store
from kumoi.core.networks import UNDERLAY_MTU
from kumoi.core.parts import Off
from kumoi.core.passwords import PasswordRules
from kumoi.runtime.loops import Loops
from kumoi.runtime.series import Series


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """The settings that doors obey. Seconds, factors, bytes. `off`: parts that this cloud has not."""

    region: str = "RegionOne"
    token_ttl_s: float = 3600.0
    cpu_overcommit: float = 16.0
    memory_overcommit: float = 1.0
    pool_overcommit: float = 20.0
    passwords: PasswordRules = PasswordRules()
    trusted_dashboards: tuple[str, ...] = ()
    terminated_shown_s: float = 3600.0
    dns_servers: tuple[str, ...] = ()
    underlay_mtu: int = UNDERLAY_MTU
    off: Off = Off()


class House(msgspec.Struct, frozen=True, kw_only=True):
    """`passwords` is slow on purpose: doors that use it are called from the hashing pool."""

    store: Store
    hints: Hints
    clock: Clock
    chance: Chance
    blobs: Blobs
    backups: Backups
    inspector: Inspector
    converter: Converter
    fetcher: Fetcher
    passwords: Passwords
    vault: Vault
    tokens: Tokens
    keys: KeyMaker
    openid: OpenId
    rooms: Rooms
    asks: Asks
    series: Series
    holdings: Holdings = msgspec.field(default_factory=Holdings)
    remembered: Remembered[msgspec.Struct] = msgspec.field(default_factory=Remembered)
    loops: Loops = msgspec.field(default_factory=Loops)
    rules: Rules = Rules()
