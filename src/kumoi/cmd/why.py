"""`kumoi why ID`: what is wished of a thing, what was seen of it, and what stands between them."""

import shutil
import sys
import textwrap
import time
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import click
import msgspec

from kumoi.cmd.demo import language
from kumoi.cmd.inside import of_owner, told
from kumoi.core.errors import Invalid, NotFound
from kumoi.ops.client import Client

_INDENT: Final = 11
_WORDS: Final = {"ready": "Ready", "working": "Working", "blocked": "Blocked"}
_COLOURS: Final = {"ready": "green", "working": "yellow", "blocked": "red"}
# Said elsewhere, or too long to be looked at.
_NOT_WISHES: Final = frozenset(
    {"id", "name", "status", "status_changed_at", "generation", "created_at", "updated_at", "deleted_at", "user_data",
     "public_key", "refusal", "session", "sequence", "seen_at", "project_id", "user_id", "ec2_key", "root_layer_id"}
)  # fmt: skip


@click.command()
@click.argument("name", metavar="ID", callback=lambda _c, _p, value: not_blank(value))
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def command(root: Path, name: str, as_json: bool) -> None:
    """Explain a server, port, network, router, address, image or host.

    ID is its id or name, its EC2 id, its address, or what the kernel calls it (tap…, qrouter-…). The exit code is 1 if
    it is blocked.
    """
    with told():
        found = look(Client(of_owner(root).clouds_yaml, "kumoi-admin", language()), name)
    if as_json:
        click.echo(msgspec.json.encode(found))
    else:
        tell(found, time.time())
    sys.exit(1 if found["condition"]["is"] == "blocked" else 0)


def not_blank(name: str) -> str:
    if not name.strip():
        raise click.BadParameter("name a thing")
    return name


def look(client: Client, name: str) -> dict[str, Any]:
    """Also by a fixed address. Raises NotFound, Invalid (several)."""
    try:
        return _explained(client, name)
    except NotFound as e:
        port = _port_at(client, name)
        if port is None:
            raise NotFound("api", kind="thing", id=name) from e
        return _explained(client, port)


def _explained(client: Client, name: str) -> dict[str, Any]:
    return dict(client.get(f"/operator/v1/why/{quote(name, safe='')}")["why"])


def _port_at(client: Client, address: str) -> str | None:
    """The id of the port that has this address inside. Raises Invalid where several networks use it."""
    try:
        ip_address(address)
    except ValueError:
        return None
    ports = client.get(f"/network/v2.0/ports?fixed_ips=ip_address%3D{quote(address)}")["ports"]
    if len(ports) > 1:
        names = [f"port {p['id']}" for p in ports]
        raise Invalid("api", field="id", reason="several_things", value=address, names=names)
    return str(ports[0]["id"]) if ports else None


def tell(found: dict[str, Any], now: float) -> None:
    """For people: the answer first, then its grounds."""
    condition = found["condition"]
    ec2 = f"  {found['ec2_id']}" if found["ec2_id"] else ""
    click.echo(f"{click.style(found['kind'] + ' ' + found['name'], bold=True)}  {found['id']}{ec2}")
    _row("status", found["status"])
    _row("condition", click.style(_WORDS[condition["is"]], fg=_COLOURS[condition["is"]]) + _grounds(condition, now))
    _row("wish", _wrapped(_pairs(_wish(found["intent"]))))
    for placement in found["placements"]:
        _row("placed", f"{placement['role']} on {_host(found, placement['host_id'])}")
    for host in found["hosts"]:
        _row("host", f"{host['name']} is {host['state']}, heard {_ago(host['seen_at'], now)}")
    for entry in found["plan"]:
        _row("plan", _planned(entry))
    _row("seen", _seen(found["seen"], now))
    for other in found["related"]:
        _row("with", f"{other['kind']} {other['name']} {other['status']}  {other['id']}")
    for claim in found["claims"]:
        _row("claims", f"{claim['kind']} {claim['key']}")
    for held in found["allocations"]:
        _row("holds", f"{held['amount']} {held['resource']} of {held['provider']}")
    for event in found["events"]:
        _row(
            "event", f"{_ago(event['at'], now):>10}  {event['action']}  {_pairs(event['facts'])}  {event['request_id']}"
        )


def _row(title: str, text: str) -> None:
    if text:
        click.echo(f"{title:{_INDENT}}{text}")


def _wrapped(text: str) -> str:
    width = max(60, shutil.get_terminal_size().columns - _INDENT)
    lines = textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
    return f"\n{'':{_INDENT}}".join(lines)


def _grounds(condition: dict[str, Any], now: float) -> str:
    if condition["is"] == "ready":
        return ""
    parts = [f": {condition['says']}", f"[{condition['code']}]"]
    if condition.get("since"):
        parts.append(f"since {_ago(condition['since'], now)}")
    if condition["is"] == "blocked":
        parts.append("tried again by itself" if condition["retry"] else "not tried again")
        parts.append(f"help: {condition['who_can_help']}")
    return " · ".join(parts)


def _wish(intent: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in intent.items() if k not in _NOT_WISHES and v not in ("", None, [], {}, False)}


def _pairs(facts: dict[str, Any]) -> str:
    return " ".join(f"{k}={_plain(v)}" for k, v in facts.items())


def _plain(value: Any) -> str:
    return msgspec.json.encode(value).decode() if isinstance(value, dict | list) else str(value)


def _host(found: dict[str, Any], host_id: str) -> str:
    return next((h["name"] for h in found["hosts"] if h["id"] == host_id), host_id)


def _planned(entry: dict[str, Any]) -> str:
    if entry["serial"] is None:
        return f"{entry['section']} does not have {entry['entry']} yet"
    state = "present" if entry["present"] else "absent"
    return f"{entry['section']}: {entry['entry']} {state} since {entry['serial']} of {entry['newest']}"


def _seen(seen: dict[str, Any] | None, now: float) -> str:
    if seen is None:
        return ""
    ended = f", ended by {seen['ended_by']}" if seen["ended_by"] else ""
    says = f": {seen['says']}" if seen["says"] else ""
    return f"{seen['power']}, run {seen['runs_done']}{ended}, reported {_ago(seen['reported_at'], now)}{says}"


def _ago(then: float, now: float) -> str:
    span = max(0.0, now - then)
    for limit, unit, name in ((120, 1, "s"), (7200, 60, "min"), (172800, 3600, "h")):
        if span < limit:
            return f"{span / unit:.0f} {name} ago"
    return f"{span / 86400:.0f} days ago"
