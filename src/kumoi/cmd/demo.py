"""`kumoi demo`: from nothing to a shell in a first guest. Again is harmless; killed, it goes on where it was."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import click
from rich.console import Console

from kumoi.cmd import ssh
from kumoi.cmd.inside import told
from kumoi.cmd.main import default_state, program_folder
from kumoi.cmd.up import up
from kumoi.ops.client import Client
from kumoi.ops.demo.guest import Guest
from kumoi.ops.demo.telling import Teller
from kumoi.ops.demo.visit import Shell, visit
from kumoi.ops.demo.waiting import CannotDemo, why
from kumoi.ops.image.build import CannotBuild, TinyImage, tiny_image
from kumoi.ops.machine import sub_ids, tun, user_namespaces
from kumoi.runtime import settings
from kumoi.runtime.state_folder import StateFolder

_COMMAND_S: Final = 45.0
_CONNECT_S: Final = 5


@click.command()
@click.option("--simulate", is_flag=True, default=None, help="In a fake world: no guest to log in to, no root.")
@click.option("--timeout", default=60.0, show_default=True, help="Seconds to wait until the cloud is ready.")
@click.pass_obj
def command(root: Path, simulate: bool | None, timeout: float) -> None:
    """Start the cloud, run a first guest and log in to it."""
    teller = Teller(Console())
    try:
        with told():
            demo(StateFolder(root), teller, simulate, timeout)
    except (CannotDemo, CannotBuild) as reason:
        sys.exit(f"kumoi: {reason}")


def demo(state: StateFolder, teller: Teller, simulate: bool | None, timeout_s: float) -> None:
    """Every step; raises CannotDemo, CannotBuild or KumoiError."""
    simulated = bool(simulate) or _is_simulated(state)
    if not simulated:
        _check_machine()
    # Before `up`, which gives root away: the image is the program's, not the cloud's.
    image = None if simulated else _build(teller)
    with teller.step("cloud", quiet=True) as step:
        up(state, {"cloud.simulate": simulate}, timeout_s)
        step.ended("done", str(state.root))
    client = Client(state.clouds_yaml, "kumoi", language())
    guest = Guest(client, teller)
    guest.host()
    image_id = guest.image(image.disk if image else None)
    key = state.root / "keys" / "demo_ed25519"
    guest.key_pair(key)
    guest.security_rules()
    server = guest.server(image_id)
    address = guest.public_address(server)
    if not simulated:
        visit(teller, _shell(state, address, key), lambda: why(client, str(server["id"])))
    teller.table()
    _what_next(state, teller, simulated=simulated)


def language() -> str:
    """Of the sentences that the cloud answers with. Not LC_ALL: that is the launcher's."""
    return "ja" if os.environ.get("LANG", "").startswith("ja") else "en"


def _check_machine() -> None:
    """Before a minute goes into an image that no guest here could use: CannotDemo names what no package mends."""
    for finding in (tun(), user_namespaces(), sub_ids()):
        if finding.verdict == "fault":
            raise CannotDemo(f"{finding.about}: {finding.seen}. {finding.mend}. Or without real guests: --simulate")


def _is_simulated(state: StateFolder) -> bool:
    try:
        return settings.load(state.root).cloud.simulate
    except PermissionError:
        return False


def _build(teller: Teller) -> TinyImage:
    with teller.step("tiny guest") as step:
        image = tiny_image(program_folder() / "images", say=step.note)
        step.ended("done", image.folder.name)
        return image


def _shell(state: StateFolder, address: str, key: Path) -> Shell:
    def run(words: str) -> tuple[int, str]:
        argv = ssh.arguments(state, ssh.Way(address=address), "root", key)
        options = ("-o", f"ConnectTimeout={_CONNECT_S}", "-o", "BatchMode=yes")
        try:
            done = subprocess.run(
                (*argv[:-1], *options, argv[-1], words),
                stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_COMMAND_S, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return 255, "no answer"
        return done.returncode, done.stdout if done.returncode == 0 else done.stderr.strip().partition("\n")[0]

    return run


def _what_next(state: StateFolder, teller: Teller, *, simulated: bool) -> None:
    client = Client(state.clouds_yaml, "kumoi-admin")
    hosts = client.get("/compute/v2.1/os-hypervisors/detail")["hypervisors"]
    machine = "simulated" if simulated else {"KVM": "kvm", "QEMU": "tcg (emulated)"}[hosts[0]["hypervisor_type"]]
    url = settings.load(state.root).api.public_url or client.reach.url("http")
    kumoi = _spelled(state)
    teller.say(
        "",
        f"cloud        {url}",
        f"accelerator  {machine}",
        f"credentials  {state.clouds_yaml}",
        "",
        f"{kumoi} status        what runs" if simulated else f"{kumoi} ssh demo      a shell in the guest",
        f"{kumoi} why demo      how it came to be, and what it holds",
        f'eval "$({kumoi} env)"  then openstack or aws, as with any cloud',
    )


def _spelled(state: StateFolder) -> str:
    """How the launcher is called for this cloud from the same shell."""
    meant = Path(os.environ.get("KUMOI_STATE") or default_state()).absolute()
    return "./kumoi" if state.root == meant else f"./kumoi --state {state.root}"
