"""`kumoi logs [ID]`: what the cloud's processes said, in the order of time, for people."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click
import msgspec

from kumoi.cmd.inside import of_owner, told
from kumoi.core.errors import NotFound
from kumoi.runtime.state_folder import StateFolder

_SHOWN_FIRST = ("at", "program", "level", "event")


@click.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--program", help="Only this one: serve, agent, guestd, libvirtd, supervisor.")
@click.option("--lines", "-n", type=click.IntRange(min=1), default=200, show_default=True, help="The last so many.")
@click.option("--json", "as_json", is_flag=True, help="As they were written.")
@click.pass_obj
def command(root: Path, ids: tuple[str, ...], program: str | None, lines: int, as_json: bool) -> None:
    """Show log lines; with IDs (of requests, servers, …), those that name them all."""
    with told():
        state = of_owner(root)
        require_log(state, program)
    wanted = [line for line in read(state, program) if all(i in line for i in ids)]
    wanted.sort(key=lambda line: str(parse(line).get("at", "")))
    for line in wanted[-lines:]:
        click.echo(line if as_json else render(parse(line)))
    if not wanted:
        sys.exit(f"kumoi: No line names {' and '.join(ids)}." if ids else "kumoi: Nothing has been said yet.")


def require_log(state: StateFolder, program: str | None) -> None:
    """Raises NotFound with those there are."""
    known = sorted({path.name.partition(".")[0] for path in (state.root / "logs").glob("*.log*")})
    if program is not None and program not in known:
        raise NotFound("host", kind="log", id=program, known=known)


def read(state: StateFolder, program: str | None) -> Iterator[str]:
    """Every line of every log, the moved-away part first."""
    folder = state.root / "logs"
    pattern = f"{program or '*'}.log"
    for path in sorted([*folder.glob(pattern + ".1"), *folder.glob(pattern)]):
        name = path.name.partition(".")[0]
        at = ""
        for line in path.read_text(errors="replace").splitlines():
            if line.startswith("{"):
                at = str(parse(line).get("at", at))
                yield line
            elif line:
                # libvirtd, or an interpreter that died: its time is the last that was told.
                at = libvirt_time(line) or at
                fact = {"at": at, "program": name, "level": "text", "event": line}
                yield msgspec.json.encode(fact).decode()


def libvirt_time(line: str) -> str:
    """`2026-11-20 13:12:02.229+0000: …` as the other logs spell it, or nothing."""
    head = line[:28]
    return f"{head[:10]}T{head[11:23]}000Z" if head[10:11] == " " and head[23:28] == "+0000" else ""


def parse(line: str) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(line)
    except msgspec.DecodeError:
        return {"event": line}
    return found if isinstance(found, dict) else {"event": line}


def render(facts: dict[str, Any]) -> str:
    """Time, who, what, then the facts; a traceback below."""
    at, program, level, event = (str(facts.get(key, "")) for key in _SHOWN_FIRST)
    rest = _pairs((k, v) for k, v in facts.items() if k not in {*_SHOWN_FIRST, "exception"})
    loud = "" if level in {"info", "text"} else f"{level.upper()} "
    told = f"{at[:10]} {at[11:23]:12} {program:10} {loud}{event}{rest and '  ' + rest}"
    return "\n".join([told, *(f"    {e}" for e in str(facts.get("exception", "")).splitlines())])


def _pairs(facts: Iterable[tuple[str, Any]]) -> str:
    return " ".join(
        f"{k}={v if isinstance(v, str | int | float) else msgspec.json.encode(v).decode()}" for k, v in facts
    )
