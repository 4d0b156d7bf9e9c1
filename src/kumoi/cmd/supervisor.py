"""The supervisor of one machine's cloud: its namespaces, its sockets, its table of programs.

It is started by `kumoi up` below flock(1), which holds STATE/ground/supervisor.lock and is gone
by exec; the understudy is the same command line, waiting. Nothing is decided here but which
programs there are. It stays small: no click, no structlog.
"""

import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from kumoi.adapters.libvirt import daemon
from kumoi.adapters.linux import namespace, passt, visit, vlan_programs
from kumoi.adapters.linux.namespace import Namespace
from kumoi.core.errors import Fact, KumoiError, Layer, Unavailable
from kumoi.runtime import listeners, processes, settings, state_folder, supervision
from kumoi.runtime.launch import Program
from kumoi.runtime.settings import Settings
from kumoi.runtime.state_folder import StateFolder

FLOCK: Final = "/usr/bin/flock"
_KEPT: Final = frozenset({"HOME", "USER", "LOGNAME", "LANG", "TZ"})
_KEPT_PREFIXES: Final = ("KUMOI_", "PYTHON", "LC_")
_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SERVE_SOCKETS: Final = ("api", "s3", "link", "resolver")
EVERY: Final = "0.0.0.0"  # noqa: S104 - all of the inside, which is ours
HOLDER: Final = "holder"  # keeps the namespaces while nothing of ours runs
INNER: Final = "inner"  # for guests and test clients: the API's port on every address inside


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Why there is no ground to stand on, for the command that waits."""

    code: str
    layer: Layer
    facts: dict[str, Fact]

    def error(self) -> KumoiError:
        kinds = {kind.code: kind for kind in KumoiError.__subclasses__()}
        return kinds.get(self.code, KumoiError)(self.layer, **self.facts)


def command_line(state: StateFolder, *, wait: bool, python: str = sys.executable) -> tuple[str, ...]:
    """The supervisor behind its lock: at once or not at all, or (the understudy) in its time."""
    return (
        FLOCK, *(() if wait else ("--nonblock",)), "--no-fork", str(state.supervisor_lock),
        python, "-P", "-m", "kumoi.cmd.supervisor", "--state", str(state.root),
    )  # fmt: skip


def main() -> None:
    """`--state DIR`; returns at SIGTERM, or at once where the last command was `down`."""
    state = StateFolder(Path(sys.argv[sys.argv.index("--state") + 1]))
    given = listeners.inherited()
    processes.become_subreaper()
    if state.wish.exists() and state.wish.read_text() == "down":
        return
    try:
        chosen = settings.load(state.root)
        sockets = _sockets(state, chosen, given)
        ground = None if chosen.cloud.simulate else _ground(state, given)
    except KumoiError as e:
        say("no ground", error=str(e))
        failure = Failure(code=e.code, layer=e.layer, facts=e.facts)
        state_folder.replace(state.failure, msgspec.json.encode(failure))
        sys.exit(1)
    descriptors = {name: fd for name, (fd, _) in sockets.items()}
    addresses = {name: address for name, (_, address) in sockets.items()}
    if ground is not None:
        descriptors |= ground.descriptors() | _inner(ground, addresses["api"], given) | _programs(given)
    programs = table(state, chosen, ground, tuple(descriptors))
    say("supervising", programs=[p.name for p in programs], addresses=addresses)
    supervision.Supervisor(programs, state.processes, descriptors, addresses, say).run()
    say("ended")


def table(
    state: StateFolder, chosen: Settings, ground: Namespace | None, descriptors: tuple[str, ...]
) -> tuple[Program, ...]:
    """In the order of their start; their end is the other way round."""
    # Two: whoever takes over has somebody behind it from its first moment.
    understudies = tuple(
        Program(
            name=f"understudy-{number}", argv=command_line(state, wait=True),
            log=state.log("supervisor"), environ=environment(), descriptors=descriptors,
            pause_max_s=0.1,
        )
        for number in (1, 2)
    )  # fmt: skip
    serve = _program(state, "serve", layer="api", descriptors=SERVE_SOCKETS)
    if ground is None:
        return *understudies, serve, _program(state, "agent", layer="compute")
    serve = msgspec.structs.replace(serve, descriptors=(*SERVE_SOCKETS, INNER))
    enter = partial(namespace.enter, ground)
    holder = Program(
        name=HOLDER, argv=("/usr/bin/sleep", "infinity"), log=state.log("supervisor"),
        environ={}, inside=partial(namespace.enter_powerless, ground), outlives=True,
    )  # fmt: skip
    daemon.prepare(state)
    libvirtd = Program(
        name="libvirtd", argv=daemon.command(), log=state.log("libvirtd"), layer="compute",
        environ=daemon.environment(), before=partial(_no_guest_at_risk, state, ground), inside=enter,
    )  # fmt: skip
    guestd = _program(state, "guestd", layer="network", descriptors=("guestd",))
    python, paths = namespace.unprivileged_python()
    # It can read nothing of STATE, so its settings travel with it.
    guestd = msgspec.structs.replace(
        guestd,
        argv=(python, *guestd.argv[1:-1], namespace.OWN_RUN),
        environ={**guestd.environ, **paths, **settings.environment(settings.chosen(chosen))},
        inside=partial(namespace.enter_unprivileged, ground),
    )
    agent = _program(state, "agent", layer="compute", descriptors=vlan_programs.among(descriptors))
    agent = msgspec.structs.replace(agent, inside=enter)
    return *understudies, holder, libvirtd, serve, guestd, agent, *_uplink(state, chosen)


def _uplink(state: StateFolder, chosen: Settings) -> tuple[Program, ...]:
    """Outside, as the cloud's user: what guests send leaves the machine as its own."""
    if not chosen.network.uplink:
        return ()
    return (msgspec.structs.replace(_program(state, "passt", layer="network"), before=passt.check),)


def say(event: str, **facts: object) -> None:
    """One line of the supervisor's log."""
    line = {
        **facts, "program": "supervisor", "level": "info", "event": event,
        "at": datetime.now(UTC).isoformat(),
    }  # fmt: skip
    os.write(2, msgspec.json.encode(line) + b"\n")


def _program(state: StateFolder, name: str, *, layer: str, descriptors: tuple[str, ...] = ()) -> Program:
    return Program(
        name=name,
        argv=(sys.executable, "-P", "-m", f"kumoi.cmd.{name}", "--state", str(state.root)),
        log=state.log(name),
        environ=environment(),
        layer=layer,
        descriptors=descriptors,
    )


def environment() -> dict[str, str]:
    """What programs may see of the caller's environment, who may have keys and proxies in it."""
    kept = {k: v for k, v in os.environ.items() if k in _KEPT or k.startswith(_KEPT_PREFIXES)}
    return {**kept, "PATH": _PATH}


def _sockets(state: StateFolder, chosen: Settings, given: Mapping[str, int]) -> dict[str, tuple[int, str]]:
    """Every listener's descriptor and address: the former supervisor's, or made now."""
    former = supervision.read(state.processes)
    known = former.addresses if former else {}
    if former and not given:
        # They answer sockets that nobody can hand on any more.
        supervision.end_heirs(state.processes, ("serve", "guestd"), 2.0)
    found: dict[str, tuple[int, str]] = {}
    for name, port in (("api", chosen.api.port), ("s3", chosen.s3.port)):
        explicit = chosen.explicit(f"{name}.port")
        # Without a choice, where it was before: clients have the address in their files.
        last = int(known[name].rpartition(":")[2]) if name in known and not explicit else port
        if name in given:
            found[name] = (given[name], known[name])
        else:
            socket = listeners.open_tcp(chosen.api.host, last, movable=not explicit)
            bound = f"{chosen.api.host}:{socket.getsockname()[1]}"
            found[name] = (socket.detach(), bound)
    # guestd's uid has no way to the last but through the cloud's own mounts.
    for name, path, mode in (
        ("link", state.link_socket, 0o600),
        ("guestd", state.guestd_socket, 0o600),
        ("resolver", state.resolver_socket, 0o666),
    ):
        fd = given[name] if name in given else listeners.open_unix(path, mode).detach()
        found[name] = (fd, str(path))
    return found


def _ground(state: StateFolder, given: dict[str, int]) -> Namespace:
    found = namespace.inherited(given) or namespace.find(state)
    ground = found or namespace.make(state)
    if visit.ask(ground, lambda: str(os.access(namespace.TUN, os.R_OK | os.W_OK))) != "True":
        raise Unavailable("host", what=namespace.TUN, reason="closed")  # no guest could have a NIC
    say("namespace found" if found else "namespace made", inodes=ground.inodes())
    return ground


def _inner(ground: Namespace, api: str, given: Mapping[str, int]) -> dict[str, int]:
    port = int(api.rpartition(":")[2])
    return {INNER: given[INNER] if INNER in given else visit.listen(ground, EVERY, port).detach()}


def _programs(given: Mapping[str, int]) -> dict[str, int]:
    """A former supervisor's, or what root loaded for this one; none where the kernel needs none or it was not root."""
    found = vlan_programs.given(given) or vlan_programs.in_words(sys.argv)
    return found.descriptors() if found else {}


def _no_guest_at_risk(state: StateFolder, ground: Namespace) -> None:
    """Raises Unavailable, naming guest and file, where libvirtd must not be started."""
    living = daemon.guests(namespace.inside(state))

    def question() -> str:
        risk = daemon.at_risk(living)
        return f"{risk[0].name} {risk[1]}" if risk else ""

    answer = visit.ask(ground, question) if living else ""
    if answer:
        guest, _, path = answer.partition(" ")
        raise Unavailable("compute", what="libvirtd", reason="guest_at_risk", guest=guest, missing=path)


if __name__ == "__main__":
    main()
