"""`kumoi up`: the cloud runs, and stays, when this returns. Again is harmless."""

import fcntl
import http.client
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, cast

import click
import msgspec

import kumoi
from kumoi.adapters import certificates
from kumoi.adapters.linux import account, vlan_programs
from kumoi.adapters.linux.vlan_programs import Programs
from kumoi.cmd import first_image, halting, supervisor, switching
from kumoi.cmd.halting import alive, anything_alive
from kumoi.cmd.inside import told
from kumoi.cmd.switching import Version
from kumoi.cmd.wiring import certificate
from kumoi.core.errors import Fact, Invalid, KumoiError, Layer, Unavailable
from kumoi.ops.backup import placing
from kumoi.ops.client import Client
from kumoi.runtime import processes, settings, state_folder
from kumoi.runtime.settings import Settings, Value
from kumoi.runtime.state_folder import StateFolder
from kumoi.runtime.supervision import Entry, Record

DEATHS_IN_A_ROW: Final = 4
_LOOK_EVERY_S: Final = 0.05
_SOCKET_PATH_MAX: Final = 100  # of 107; libvirt adds to it
_TAIL_LINES: Final = 12


_FILE: Final = click.Path(path_type=Path, exists=True, dir_okay=False)

# The settings that are options, too.
SETTINGS: Final = {
    "simulate": "cloud.simulate", "hosts": "cloud.hosts", "port": "api.port", "s3_port": "s3.port",
    "uplink": "network.uplink",
}  # fmt: skip


@click.command()
@click.option("--simulate", is_flag=True, default=None, help="A fake world: no guests, no root.")
@click.option("--hosts", type=click.IntRange(1, 10_000), help="Hosts of the fake world.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port of the APIs and the dashboard.")
@click.option("--s3-port", type=click.IntRange(1, 65535), help="Port kept for S3, which is not built yet.")
@click.option("--tls", is_flag=True, default=None, help="HTTPS, by a CA of the cloud's own.")
@click.option("--tls-certificate", type=_FILE, help="HTTPS, by this certificate (PEM, with its chain).")
@click.option("--tls-key", type=_FILE, help="The certificate's key.")
@click.option("--uplink", is_flag=True, default=None, help="Guests reach what this machine reaches (by passt).")
@click.option("--timeout", default=60.0, show_default=True, help="Seconds to wait until ready.")
@click.pass_obj
def command(
    root: Path,
    /,
    timeout: float,
    tls: bool | None,
    tls_certificate: Path | None,
    tls_key: Path | None,
    **options: Value | None,
) -> None:
    """Start this machine's cloud and wait until it answers."""
    flags = {SETTINGS[name]: value for name, value in options.items()}
    with told():
        given = None
        if tls_certificate and tls_key:
            given = certificate.read(tls_certificate, tls_key)
        elif tls_certificate or tls_key:
            raise click.UsageError("--tls-certificate and --tls-key belong together")
        up(StateFolder(root), {**flags, "api.tls": "given" if given else "own" if tls else None}, timeout, given)


def up(
    state: StateFolder, flags: dict[str, Value | None], timeout_s: float, given: tuple[bytes, bytes] | None = None
) -> None:
    """`given`: a certificate and its key. Raises KumoiError; its layer says where it is stuck."""
    if len(str(state.guestd_socket)) > _SOCKET_PATH_MAX:
        raise Invalid("host", field="--state", reason="path_too_long", max=_SOCKET_PATH_MAX)
    disk = first_image.disk_for(state, flags)
    begun = time.monotonic()
    programs = prepare(state)
    with locked(state):
        if not anything_alive(state):
            placing.finish(state)
        if given is not None:
            certificates.keep(state.tls, *given)
        chosen = _settings(state, flags)
        started, running = None, alive(state)
        former = switching.of_running(running) if running else None
        if former is not None and former.identity == switching.ours().identity:
            click.echo("kumoi: already up")
            for line in unheeded(flags, in_force(state), running.addresses if running else {}):
                click.echo(f"kumoi: {line}")
        else:
            if former is not None:
                click.echo("kumoi: another version runs; this one takes over, guests stay (back: kumoi rollback)")
            started = _take_over(state, chosen, former, flags, programs)
        record = wait(state, started, timeout_s)
        switching.note(state, record)
    in_use = in_force(state)
    url = in_use.api.public_url or _url(state, in_use, record)
    took = "" if started is None else f" after {time.monotonic() - begun:.1f} s"
    click.echo(f"kumoi: ready{took}: {url} ({chosen.cloud.region})")
    click.echo(f"kumoi: in a browser: {url}, user admin, password in {state.root}/keys/first-passwords.json")
    click.echo(f"kumoi: for clients: . {state.root}/env")
    if in_use.api.tls == "own":
        click.echo(f"kumoi: what browsers and other machines must trust: {state.ca}")
    first_image.bring(state, disk, simulated=chosen.cloud.simulate)


def prepare(state: StateFolder) -> Programs | None:
    """The folder, its owner and its nodes, and what only root can load; from here on this process is that owner."""
    # The state folder is closed; inside it, other uids of ours must pass.
    os.umask(0o022)
    try:
        owner = account.ensure(state)
        account.ensure_nodes(state, owner)
        programs = vlan_programs.for_others()
        account.become(owner)
        state.prepare()
    except OSError as e:
        facts: dict[str, Fact] = {"path": str(state.root), "detail": e.strerror or str(e)}
        raise Unavailable("host", what="state_folder", reason="cannot_be_made", **facts) from e
    _readable()
    return programs


@contextmanager
def locked(state: StateFolder) -> Iterator[None]:
    """One up or down at a time."""
    with state.command_lock.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _take_over(
    state: StateFolder,
    chosen: Settings,
    former: Version | None,
    flags: dict[str, Value | None],
    programs: Programs | None,
) -> subprocess.Popen[bytes]:
    """Start this version, in the place of another one where that runs: its database is copied before it is changed."""
    switching.refuse_newer(switching.revision(state, chosen))
    if former is not None:
        halting.halt(state)
    try:
        switching.leave(state, chosen, former)
        ours = switching.ours()
    except Exception:
        if former is not None:  # it goes on as if nothing had been
            state_folder.replace(state.wish, b"up")
            start(state, former, programs)
        raise
    carried = former.flags if former is not None else {}
    state_folder.replace(state.wish, b"up")
    return start(state, msgspec.structs.replace(ours, flags={**carried, **settings.environment(flags)}), programs)


def _settings(state: StateFolder, flags: dict[str, Value | None]) -> Settings:
    """What is in force; the first `up` writes its flags down, so that the next needs none."""
    if not (state.root / settings.FILE_NAME).exists():
        settings.write(state.root, flags)
    known = settings.load(state.root)
    simulate = flags["cloud.simulate"]
    if simulate is not None and simulate != known.cloud.simulate:
        raise Invalid(
            "host", field="--simulate", reason="made_otherwise",
            origin=known.origins["cloud.simulate"],
        )  # fmt: skip
    return settings.load(state.root, flags=flags)


def in_force(state: StateFolder) -> Settings:
    """What the running supervisor was started with; where none runs, what the next would be."""
    running = alive(state)
    return settings.load(state.root, environ=processes.environment(running.supervisor) if running else os.environ)


def unheeded(flags: dict[str, Value | None], in_force: Settings, addresses: Mapping[str, str]) -> list[str]:
    """A sentence for each flag that the running cloud does not follow."""
    told = []
    for key, wanted in flags.items():
        section, _, name = key.partition(".")
        found = getattr(getattr(in_force, section), name)
        if name == "port":  # where it was taken, the listener moved on
            found = int(addresses[section].rpartition(":")[2])
        if wanted is not None and wanted != found:
            option = settings.flag(key)
            told.append(f"{option} is {found} in the cloud that runs, and stays so; for {wanted}, first: kumoi down")
    return told


def start(state: StateFolder, version: Version, programs: Programs | None) -> subprocess.Popen[bytes]:
    """The supervisor of this version, with the settings of its flags."""
    environ = {k: v for k, v in supervisor.environment().items() if k != "PYTHONPATH"}
    state.failure.unlink(missing_ok=True)
    with state.log("supervisor").open("ab") as log:
        return subprocess.Popen(
            (*supervisor.command_line(state, wait=False, python=version.python), *vlan_programs.words(programs)),
            pass_fds=tuple(programs.descriptors().values()) if programs else (),
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=True,
            env={**environ, **version.environment()},
        )  # fmt: skip


def wait(state: StateFolder, started: subprocess.Popen[bytes] | None, timeout_s: float) -> Record:
    """Until the API says that it is ready. Raises Unavailable with the layer that is stuck."""
    deadline = time.monotonic() + timeout_s
    told: set[str] = set()
    while time.monotonic() < deadline:
        record = alive(state)
        if record is not None:
            if started is not None:
                _tell_new(record, told)
            _dying(state, record)
            if _ready(record.addresses["api"], secure=in_force(state).api.tls != "off"):
                return record
        elif started is not None and started.poll() is not None:
            raise _why_ended(state)
        time.sleep(_LOOK_EVERY_S)
    stuck = _waiting_for(alive(state))
    raise Unavailable("api", what=stuck, reason="not_ready", timeout_s=timeout_s)


def _why_ended(state: StateFolder) -> KumoiError:
    try:
        return msgspec.json.decode(state.failure.read_bytes(), type=supervisor.Failure).error()
    except FileNotFoundError:
        return Unavailable("host", what="supervisor", reason="ended", log=_tail(state.log("supervisor")))


def _dying(state: StateFolder, record: Record) -> None:
    """Stop waiting for what keeps dying or is refused."""
    for name, entry in record.programs.items():
        layer = cast(Layer, entry.layer)
        if entry.refusal and entry.deaths >= DEATHS_IN_A_ROW:
            raise Unavailable(layer, **entry.facts)
        if entry.deaths >= DEATHS_IN_A_ROW and _is_down(entry):
            raise Unavailable(
                layer, what=name, reason="keeps_dying", ended=entry.ended,
                log=_tail(state.log(name)),
            )  # fmt: skip


def _is_down(entry: Entry) -> bool:
    process = entry.process
    return process is None or not processes.alive(process) or processes.age_s(process) < 1.0


def _waiting_for(record: Record | None) -> str:
    if record is None:
        return "supervisor"
    down = [name for name, entry in record.programs.items() if _is_down(entry)]
    return ", ".join(down) or "api"


def _url(state: StateFolder, in_use: Settings, record: Record) -> str:
    """As clients' own files have it, where serve has written them."""
    try:
        return Client(state.clouds_yaml).reach.url("http")
    except Unavailable:
        return f"{in_use.api.scheme}://{record.addresses['api']}"


def _ready(address: str, *, secure: bool) -> bool:
    """Whether serve itself calls itself healthy: nobody else has our port."""
    host, _, port = address.rpartition(":")
    # It is asked for no secret and by its socket's address, which no certificate need have.
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = (
        http.client.HTTPSConnection(host, int(port), timeout=2.0, context=context)
        if secure
        else http.client.HTTPConnection(host, int(port), timeout=2.0)
    )
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _readable() -> None:
    """The owner must be able to run this very program."""
    for path in (kumoi.__file__, sys.executable):
        if not os.access(path, os.R_OK):
            raise Unavailable("host", what="program", reason="unreadable", path=path)


def _tail(log: Path) -> list[str]:
    try:
        return log.read_text(errors="replace").splitlines()[-_TAIL_LINES:]
    except FileNotFoundError:
        return []


def _tell_new(record: Record, known: set[str]) -> None:
    """A line for each program that was not told of."""
    for name, entry in record.programs.items():
        if entry.process and name not in known:
            known.add(name)
            click.echo(f"kumoi: {name} started")
