"""One `kumoi.toml`, read once into one frozen value; every setting knows where it came from.

Order, later wins: default, `STATE/kumoi.toml`, environment `KUMOI_SECTION__KEY`, flag of the
command. What does not belong here: secrets (STATE/keys) and anything that changes while running.
"""

import os
import tomllib
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_type_hints

import msgspec

from kumoi.core.errors import Invalid

Accelerator = Literal["auto", "kvm", "tcg"]
LogLevel = Literal["debug", "info", "warning", "error"]
Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Seconds = Annotated[float, msgspec.Meta(ge=0)]
Value = str | int | float | bool

FILE_NAME: Final = "kumoi.toml"
ENV_PREFIX: Final = "KUMOI_"


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Cloud(_Section, frozen=True):
    """`simulate`: one fake world with `hosts` hosts instead of this machine's hypervisor."""

    region: str = "RegionOne"
    simulate: bool = False
    hosts: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 1
    host_name: str = ""  # empty: the machine's own name


class Api(_Section, frozen=True):
    """`public_url` is what the catalog shows; empty: HOST:PORT of the listener, by http or https.

    `tls`: whose certificate is shown: one by the cloud's `own` CA, or the one `given` to `up`. `tls_names`: names and
    addresses, with commas between, that the own one is good for beside those that are known.

    `requests_per_s`: of one project, or of one address before anybody is known; ten seconds' worth may come at once.
    0: as many as there are.
    """

    host: str = "127.0.0.1"
    port: Port = 5866
    public_url: str = ""
    tls: Literal["off", "own", "given"] = "off"
    tls_names: str = ""
    requests_per_s: Annotated[float, msgspec.Meta(ge=0)] = 0.0

    @property
    def scheme(self) -> str:
        return "http" if self.tls == "off" else "https"


class S3(_Section, frozen=True):
    port: Port = 5867


class Database(_Section, frozen=True):
    """`url` as SQLAlchemy spells it; empty: sqlite below the state folder."""

    url: str = ""


class Compute(_Section, frozen=True):
    """`auto` takes KVM where a probe shows that it works."""

    accelerator: Accelerator = "auto"


class Network(_Section, frozen=True):
    """`bandwidth_mbps`, `packet_rate_kpps`: what this host's networks carry each way, to be promised to nics whose QoS
    policy guarantees them some of it; 0: nothing is promised.

    `dns_servers`: who is asked for names that are not the cloud's: `host` for the machine's own resolvers, addresses
    with commas between, or nobody (empty). `http_proxy`: told to guests, by which they reach what is outside.

    `dhcp`: who answers DHCP for IPv4: guestd itself, or a dnsmasq in each network.

    `uplink`: guests reach what the machine reaches, by connections of the cloud's user (passt).

    `underlay_mtu`: bytes that the network between hosts carries; the cloud's networks offer what tunnels leave of it.
    """

    public_cidr: str = "172.24.4.0/24"
    dns_servers: str = "host"
    http_proxy: str = ""
    dhcp: Literal["guestd", "dnsmasq"] = "guestd"
    uplink: bool = False
    bandwidth_mbps: Annotated[int, msgspec.Meta(ge=0)] = 0
    packet_rate_kpps: Annotated[int, msgspec.Meta(ge=0)] = 0
    underlay_mtu: Annotated[int, msgspec.Meta(ge=1330, le=65_535)] = 1500


class Storage(_Section, frozen=True):
    """`portal`: ADDRESS:PORT at which this host exports its volumes by iSCSI, so that guests of other hosts can have
    them; empty: it does not. `overcommit`: how many times its size a pool may be promised to volumes, which take no
    more than was written; told to pools when their hosts greet."""

    portal: str = ""
    overcommit: Annotated[float, msgspec.Meta(ge=1.0, le=1000.0)] = 20.0


class Images(_Section, frozen=True):
    """`import_networks`: blocks of addresses, with commas between, that images may be fetched from beside public ones:
    a mirror of one's own. Never those of the cloud's own services."""

    import_networks: str = ""

    @property
    def networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """Raises Invalid for what is no block of addresses."""
        words = [word.strip() for word in self.import_networks.split(",") if word.strip()]
        try:
            return tuple(ip_network(word) for word in words)
        except ValueError as e:
            raise Invalid("host", field="images.import_networks", reason="not_cidr", value=self.import_networks) from e


class Backups(_Section, frozen=True):
    """`folder`: where backups of volumes are kept, best on other disks than volumes are, and to be seen by the cloud's
    own user; empty: below the state folder."""

    folder: str = ""


class Parts(_Section, frozen=True):
    """What is there: `false` takes it from the catalog, from every dialect and from the dashboard. What was made of it
    stays, and is there again when it is switched on."""

    volumes: bool = True
    placement: bool = True
    ec2: bool = True
    dashboard: bool = True

    @property
    def off(self) -> frozenset[str]:
        return frozenset(name for name in self.__struct_fields__ if not getattr(self, name))


class Hints(_Section, frozen=True):
    """`url` of an AMQP broker; empty: hints stay in the process."""

    url: str = ""


class Log(_Section, frozen=True):
    level: LogLevel = "info"


class Metrics(_Section, frozen=True):
    """`sample_s`: how often guests are measured; 0: never. Less than 10 s is kept no finer."""

    sample_s: Seconds = 10.0


class Retention(_Section, frozen=True):
    """How long claims stay in quarantine, and how long EC2 still lists the terminated."""

    quarantine_s: Seconds = 60.0
    terminated_s: Seconds = 3600.0


class Identity(_Section, frozen=True):
    """Password rules are off by default: 0 and empty text. `password_pattern` is a regular expression, and
    `password_pattern_says` what users are told of it. `trusted_dashboards`: addresses, with commas between, to which
    WebSSO may send tokens."""

    token_ttl_s: Seconds = 3600.0
    password_pattern: str = ""
    password_pattern_says: str = ""
    password_history: Annotated[int, msgspec.Meta(ge=0, le=24)] = 0
    password_expires_days: Annotated[int, msgspec.Meta(ge=0)] = 0
    lockout_attempts: Annotated[int, msgspec.Meta(ge=0)] = 0
    lockout_s: Seconds = 1800.0
    trusted_dashboards: str = ""

    @property
    def dashboards(self) -> tuple[str, ...]:
        return tuple(one.strip() for one in self.trusted_dashboards.split(",") if one.strip())


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`origins` maps `section.key` to `default`, `kumoi.toml`, an environment name or a flag."""

    state: Path
    cloud: Cloud = Cloud()
    api: Api = Api()
    s3: S3 = S3()
    database: Database = Database()
    compute: Compute = Compute()
    network: Network = Network()
    storage: Storage = Storage()
    images: Images = Images()
    backups: Backups = Backups()
    parts: Parts = Parts()
    hints: Hints = Hints()
    log: Log = Log()
    metrics: Metrics = Metrics()
    retention: Retention = Retention()
    identity: Identity = Identity()
    origins: Mapping[str, str] = {}

    @property
    def database_url(self) -> str:
        return self.database.url or f"sqlite:///{self.state}/db/kumoi.sqlite"

    def explicit(self, key: str) -> bool:
        """Whether somebody chose this setting (`section.key`), rather than the default."""
        return self.origins[key] != "default"


_SECTIONS: Final[Mapping[str, type[_Section]]] = {
    name: kind
    for name, kind in get_type_hints(Settings).items()
    if isinstance(kind, type) and issubclass(kind, _Section)
}
KEYS: Final = tuple(
    f"{name}.{field.name}" for name, kind in _SECTIONS.items() for field in msgspec.structs.fields(kind)
)


def load(state: Path, environ: Mapping[str, str] = os.environ, flags: Mapping[str, Value | None] = {}) -> Settings:
    """The settings of the cloud in `state`. `flags`: `section.key` to value; None: not given.

    Raises Invalid with `field` (section.key), `reason` and `origin`.
    """
    values: dict[str, dict[str, Any]] = {name: {} for name in _SECTIONS}
    origins = dict.fromkeys(KEYS, "default")
    layers = (
        _from_file(state / FILE_NAME),
        _from_environment(environ),
        {key: (value, flag(key)) for key, value in flags.items() if value is not None},
    )
    for key, (value, origin) in (pair for layer in layers for pair in layer.items()):
        if key not in origins:
            raise Invalid("host", field=key, reason="unknown_setting", origin=origin)
        section, _, name = key.partition(".")
        values[section][name] = value
        origins[key] = origin
    sections = {name: _convert(name, kind, values[name], origins) for name, kind in _SECTIONS.items()}
    return Settings(state=state, origins=origins, **sections)  # type: ignore[arg-type]


def environment(flags: Mapping[str, Value | None]) -> dict[str, str]:
    """The flags spelled as environment, so that a program's children see them too."""
    return {
        ENV_PREFIX + key.upper().replace(".", "__"): str(value).lower() if isinstance(value, bool) else str(value)
        for key, value in flags.items()
        if value is not None
    }


def chosen(known: Settings) -> dict[str, Value | None]:
    """Every setting that is not a default, for a program that cannot read the file."""
    pairs = (key.split(".") for key in known.origins if known.explicit(key))
    return {f"{section}.{name}": getattr(getattr(known, section), name) for section, name in pairs}


def write(state: Path, flags: Mapping[str, Value | None]) -> None:
    """A first `kumoi.toml` that holds what was chosen, so that the next start needs no flags."""
    lines: list[str] = ["# Kumoi's settings. `kumoi status --settings` shows all, and their origin."]
    for section in _SECTIONS:
        chosen = {key: value for key, value in flags.items() if value is not None and key.startswith(section + ".")}
        if chosen:
            lines += ["", f"[{section}]"]
            lines += [f"{k.partition('.')[2]} = {_toml(v)}" for k, v in chosen.items()]
    (state / FILE_NAME).write_text("\n".join(lines) + "\n")


def _toml(value: Value) -> str:
    # A JSON scalar is a TOML scalar.
    return msgspec.json.encode(value).decode()


def _from_file(path: Path) -> dict[str, tuple[Any, str]]:
    try:
        text = path.read_text()
    except FileNotFoundError:
        return {}
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as e:
        raise Invalid("host", field=FILE_NAME, reason="not_toml", detail=str(e)) from e
    found: dict[str, tuple[Any, str]] = {}
    for section, table in tables.items():
        if not isinstance(table, dict):
            raise Invalid("host", field=section, reason="unknown_setting", origin=FILE_NAME)
        found |= {f"{section}.{key}": (value, FILE_NAME) for key, value in table.items()}
    return found


def _from_environment(environ: Mapping[str, str]) -> dict[str, tuple[Any, str]]:
    # A single underscore is no setting: KUMOI_STATE and the like have other readers.
    return {
        name.removeprefix(ENV_PREFIX).lower().replace("__", "."): (value, name)
        for name, value in environ.items()
        if name.startswith(ENV_PREFIX) and "__" in name
    }


def _convert(section: str, kind: type[_Section], values: dict[str, Any], origins: Mapping[str, str]) -> _Section:
    # One key at a time: msgspec's own message would name the place, but not the key's origin.
    hints = get_type_hints(kind, include_extras=True)
    converted: dict[str, Any] = {}
    for name, value in values.items():
        key = f"{section}.{name}"
        # Environment and flags are text; a file says what it means.
        strict = origins[key] == FILE_NAME
        try:
            converted[name] = msgspec.convert(value, hints[name], strict=strict)
        except msgspec.ValidationError as e:
            raise Invalid("host", field=key, reason="bad_setting", origin=origins[key], detail=str(e)) from e
    return kind(**converted)


def flag(key: str) -> str:
    """How a command spells this setting."""
    section, _, name = key.partition(".")
    return f"--{name if section in ('cloud', 'api', 'network') else f'{section}-{name}'}".replace("_", "-")
