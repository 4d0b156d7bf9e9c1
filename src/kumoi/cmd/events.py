"""`kumoi events`: what happened in the cloud, and what happens."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

import click
import msgspec

from kumoi.cmd.inside import of_owner, told
from kumoi.ops.client import Client

PAUSE_S: Final = 1.0
PAGE: Final = 1000
Get = Callable[[str], Any]


@click.command()
@click.argument("resource", required=False, metavar="[ID]")
@click.option("--project", help="Only of this project (an id).")
@click.option("--kind", help="Only of this kind: instance, network, host, …")
@click.option("--action", help="Only actions that begin so: instance.delete, vpc., …")
@click.option("--request", "request_id", help="Only what this request did.")
@click.option("--lines", "-n", type=click.IntRange(1, PAGE), default=50, show_default=True, help="The last so many.")
@click.option("--follow", "-f", is_flag=True, help="Go on with what happens from now.")
@click.option("--json", "as_json", is_flag=True, help="For programs: one document a line.")
@click.pass_context
def command(context: click.Context, /, as_json: bool, follow: bool, lines: int, **asked: str | None) -> None:
    """Show events, the oldest first; with ID, those of one thing."""
    with told():
        client = Client(of_owner(context.obj).clouds_yaml, "kumoi-admin")
        wanted = {name.removesuffix("_id"): value for name, value in asked.items() if value}
        found = last(client.get, wanted, lines)
        _show(found, as_json)
        if follow:
            for page in following(client.get, wanted, found[-1]["seq"] if found else 0, time.sleep):
                _show(page, as_json)


def last(get: Get, wanted: dict[str, str], lines: int) -> list[dict[str, Any]]:
    """The newest ones, oldest first."""
    found = get(f"/operator/v1/events?{urlencode({**wanted, 'limit': lines})}")["events"]
    return list(reversed(found))


def following(
    get: Get, wanted: dict[str, str], seq: int, pause: Callable[[float], None]
) -> Iterator[list[dict[str, Any]]]:
    """What comes after a number, for ever."""
    while True:
        page = get(f"/operator/v1/events?{urlencode({**wanted, 'after': seq, 'limit': PAGE})}")["events"]
        if page:
            seq = page[-1]["seq"]
            yield page
        else:
            pause(PAUSE_S)


def line(event: dict[str, Any]) -> str:
    """One for people: when, what, of whom, and the facts."""
    at = datetime.fromtimestamp(event["at"], UTC).strftime("%Y-%m-%d %H:%M:%S")
    facts = " ".join(f"{name}={_plain(value)}" for name, value in event["facts"].items())
    return " ".join(filter(None, (at, f"{event['action']:22}", event["resource_id"], facts, event["request_id"])))


def _plain(value: Any) -> str:
    return msgspec.json.encode(value).decode() if isinstance(value, dict | list) else str(value)


def _show(found: list[dict[str, Any]], as_json: bool) -> None:
    for event in found:
        click.echo(msgspec.json.encode(event) if as_json else line(event))
