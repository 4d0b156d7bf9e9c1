"""`kumoi status`: what runs, where it answers, what it holds."""

import sys
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from kumoi.cmd.demo import language
from kumoi.cmd.halting import alive
from kumoi.cmd.inside import of_owner, told
from kumoi.core.errors import KumoiError
from kumoi.ops.client import Client
from kumoi.runtime import processes, settings
from kumoi.runtime.state_folder import StateFolder
from kumoi.runtime.supervision import Entry, Record

# Held for what is to come: it answers NotImplemented.
_NOT_SERVED: Final = frozenset({"s3"})
_NAMED: Final = 5


@click.command()
@click.option("--settings", "show_settings", is_flag=True, help="Every setting and its origin.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def command(root: Path, show_settings: bool, as_json: bool) -> None:
    """Show the cloud's processes, addresses and counts. The exit code is 3 if it is down."""
    with told():
        state = of_owner(root)
        if show_settings:
            _settings(state)
            return
        record = alive(state)
    if as_json:
        click.echo(msgspec.json.encode(facts(state, record)))
    else:
        _people(state, record)
    sys.exit(0 if record else 3)


def facts(state: StateFolder, record: Record | None) -> dict[str, Any]:
    """All that is known, as JSON has it."""
    if record is None:
        return {"state": str(state.root), "running": False}
    return {
        "state": str(state.root),
        "running": True,
        "addresses": {k: v for k, v in record.addresses.items() if k not in _NOT_SERVED},
        "programs": {
            "supervisor": _facts_of(Entry(process=record.supervisor)),
            **{name: _facts_of(entry) for name, entry in record.programs.items()},
        },
        "off": sorted(settings.load(state.root).parts.off),
        "counts": counts(state),
        "concerns": concerns(state),
    }


def counts(state: StateFolder) -> dict[str, int]:
    """Hosts and servers, as the cloud itself tells them; empty where it does not."""
    try:
        client = Client(state.clouds_yaml)
        hosts = client.get("/compute/v2.1/os-hypervisors")["hypervisors"]
        servers = client.get("/compute/v2.1/servers?all_tenants=1")["servers"]
    except (KumoiError, KeyError):
        return {}
    return {"hosts": len(hosts), "servers": len(servers)}


def concerns(state: StateFolder) -> list[str]:
    """What an operator should look at, as the cloud itself tells it; empty where it does not."""
    try:
        client = Client(state.clouds_yaml, locale=language())
        hosts = client.get("/operator/v1/hosts")["hosts"]
        loops = client.get("/operator/v1/loops")["loops"]
    except (KumoiError, KeyError):
        return []
    return [*_of_hosts(hosts), *_of_loops(loops)]


def _of_hosts(hosts: list[dict[str, Any]]) -> list[str]:
    """The first few by name: a thousand silent hosts are no thousand lines."""
    wrong = [host for host in hosts if host["condition"]["is"] != "ready"]
    found = [f"host {host['name']}: {host['condition']['says']}" for host in wrong[:_NAMED]]
    if len(wrong) > _NAMED:
        found.append(f"… and {len(wrong) - _NAMED} hosts more")
    for host in [host for host in hosts if host["troubles"]][:_NAMED]:
        first = host["troubles"][0]
        more = f" (and {len(host['troubles']) - 1} more)" if len(host["troubles"]) > 1 else ""
        found.append(f"host {host['name']}: {first['entry']}: {first['says']}{more}")
    strays = sum(len(host["strays"]) for host in hosts)
    return [*found, f"strays {strays}"] if strays else found


def _of_loops(loops: list[dict[str, Any]]) -> list[str]:
    troubled = [(loop["name"], trouble) for loop in loops for trouble in loop["troubles"]]
    return [f"loop {name}: {trouble['error']}" for name, trouble in troubled[:_NAMED]]


def _facts_of(entry: Entry) -> dict[str, Any]:
    process = entry.process if entry.process and processes.alive(entry.process) else None
    return {
        "state": _word(entry),
        "pid": process.pid if process else None,
        "up_s": round(processes.age_s(process), 1) if process else None,
        "memory_kib": processes.memory_kib(process) if process else None,
        "restarts": entry.restarts,
        "ended": entry.ended,
        "refusal": entry.refusal,
        "facts": entry.facts,
    }


def _word(entry: Entry) -> str:
    if entry.process and processes.alive(entry.process):
        return "runs"
    return "refused" if entry.refusal else "down"


def _people(state: StateFolder, record: Record | None) -> None:
    if record is None:
        click.echo(f"down   {state.root}")
        return
    known = facts(state, record)
    click.echo(f"up     {state.root}")
    for name, address in known["addresses"].items():
        click.echo(f"       {name:10} {address}")
    if known["off"]:
        click.echo(f"       {'off':10} {', '.join(known['off'])}")
    click.echo(f"\n{'':13}{'state':9}{'pid':>8}{'up':>10}{'memory':>9}{'restarts':>10}  last end")
    for name, row in known["programs"].items():
        up = _span(row["up_s"]) if row["up_s"] is not None else ""
        memory = f"{row['memory_kib'] / 1024:.0f} MB" if row["memory_kib"] else ""
        click.echo(
            f"{name:13}{row['state']:9}{row['pid'] or '':>8}{up:>10}{memory:>9}{row['restarts']:>10}  {row['ended']}"
        )
        if row["refusal"]:
            click.echo(f"{'':13}" + " ".join(f"{k}={v}" for k, v in row["facts"].items()))
    for concern in known["concerns"]:
        click.echo(click.style("\n! ", fg="yellow") + concern, nl=False)
    if known["concerns"]:
        click.echo()
    if known["counts"]:
        click.echo("\n" + "  ".join(f"{noun} {n}" for noun, n in known["counts"].items()))


def _settings(state: StateFolder) -> None:
    known = settings.load(state.root)
    for key, origin in known.origins.items():
        section, _, name = key.partition(".")
        value = getattr(getattr(known, section), name)
        click.echo(f"{key:26} {value!s:24} {origin}")


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h"
