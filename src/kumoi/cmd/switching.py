"""Which version of the program a cloud runs by, which one before, and what goes with the way back.

    STATE/ground/program.json     the one that came up last
    STATE/ground/previous.json    the one before it: where `rollback` leads
    STATE/db/before-upgrade.sqlite   its database, where the newer version has changed the schema

What does not belong here: ending the one and starting the other (halting, up, rollback).
"""

import os
import sys
from pathlib import Path
from typing import Final

import msgspec

import kumoi
from kumoi.adapters.sql import copying
from kumoi.adapters.sql.migrate import HEAD
from kumoi.adapters.sql.store import database_of
from kumoi.core.errors import Unavailable, Unsupported
from kumoi.ops.backup import contents, placing
from kumoi.runtime import processes, settings, state_folder
from kumoi.runtime.settings import Settings
from kumoi.runtime.state_folder import StateFolder
from kumoi.runtime.supervision import Record

BEFORE: Final = "db/before-upgrade.sqlite"
AFTER: Final = "db/before-rollback.sqlite"


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """`python` runs it, with `path` as its PYTHONPATH; `flags` are the settings it was started with, as environment.

    `revision`: the schema that its database had when another version came.
    """

    python: str
    path: str = ""
    flags: dict[str, str] = {}
    number: str = ""
    revision: str = ""

    @property
    def identity(self) -> tuple[str, str]:
        return self.python, self.path

    def environment(self) -> dict[str, str]:
        return {**self.flags, **({"PYTHONPATH": self.path} if self.path else {})}


def ours() -> Version:
    return Version(python=sys.executable, path=os.environ.get("PYTHONPATH", ""), number=kumoi.__version__)


def of_running(running: Record) -> Version:
    """Of a supervisor, whichever version it is: as the kernel tells it."""
    environ = processes.environment(running.supervisor)
    arguments = processes.arguments(running.supervisor)
    flags = {k: v for k, v in environ.items() if k.startswith(settings.ENV_PREFIX) and "__" in k}
    return Version(python=arguments[0] if arguments else "", path=environ.get("PYTHONPATH", ""), flags=flags)


def revision(state: StateFolder, chosen: Settings) -> str | None:
    """The schema that the database has now; None where there is none yet."""
    if not chosen.database.url and not (state.root / contents.DATABASE).exists():
        return None
    return database_of(chosen.database_url).revision()


def refuse_newer(found: str | None) -> None:
    """Raises Unsupported for a database that this version does not know."""
    if found is not None and found > HEAD:
        raise Unsupported("store", what="schema", reason="newer_database", found=found, newest=HEAD)


def leave(state: StateFolder, chosen: Settings, running: Version | None) -> None:
    """Before this version starts: keep the way back to the one that came up last (`running`, where it still does).

    A database of an older schema is copied, whoever ran by it; where it is PostgreSQL that is its operator's part.
    """
    found = revision(state, chosen)
    if found is not None and found != HEAD and not chosen.database.url:
        copying.replace(chosen.database_url, state.root / BEFORE)
    last, known = running or _read(_program(state)), previous(state)
    if last is None or last.identity == ours().identity:
        return
    if found == HEAD and known is not None and known.identity == last.identity and known.revision != HEAD:
        return  # a start that was killed after the migration
    _write(_previous(state), msgspec.structs.replace(last, revision=found or ""))


def note(state: StateFolder, running: Record) -> None:
    """What came up."""
    _write(_program(state), msgspec.structs.replace(of_running(running), number=kumoi.__version__))


def previous(state: StateFolder) -> Version | None:
    return _read(_previous(state))


def way_back(state: StateFolder) -> Version:
    """Raises Unavailable where there is none: nothing to go back to, or its program is gone."""
    known = previous(state)
    if known is None:
        raise Unavailable("host", what="version", reason="no_previous")
    if not os.access(known.python, os.X_OK):
        raise Unavailable("host", what="version", reason="program_gone", path=known.python)
    if known.revision not in {"", HEAD} and not (state.root / BEFORE).exists():
        raise Unavailable("host", what="version", reason="no_database", path=BEFORE)
    return known


def go_back(state: StateFolder, chosen: Settings, to: Version) -> bool:
    """With nothing running: the older version's database takes its place, where the schema has changed since (True).

    It may be killed and called again.
    """
    changed = to.revision not in {"", revision(state, chosen)}
    if changed:
        copying.replace(chosen.database_url, state.root / AFTER)
        with placing.unpacking(state) as fresh:
            (fresh / contents.DATABASE).parent.mkdir()
            copying.copy(f"sqlite:///{state.root / BEFORE}", fresh / contents.DATABASE)
            copying.age(fresh / contents.DATABASE)
            placing.decide(state, fresh)
        placing.finish(state)
    return changed


def forget_previous(state: StateFolder) -> None:
    _previous(state).unlink(missing_ok=True)


def _program(state: StateFolder) -> Path:
    return state.root / "ground" / "program.json"


def _previous(state: StateFolder) -> Path:
    return state.root / "ground" / "previous.json"


def _read(path: Path) -> Version | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Version)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def _write(path: Path, version: Version) -> None:
    state_folder.replace(path, msgspec.json.encode(version))
