"""Rounds in one throw-away cloud: use it, kill, let it be quiet, audit."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, Final

import msgspec

from kumoi.core.errors import Unavailable
from kumoi.ops.caller import Caller
from kumoi.ops.chaos import audit, ec2, faults
from kumoi.ops.chaos.user import Ground, User
from kumoi.ops.chaos.word import PATHS, Ledger
from kumoi.ops.trial import Trial, until
from kumoi.runtime import supervision

USERS: Final = 3
BUSY_S: Final = 5.0
STEP_S: Final = 0.15  # between two requests of one user
QUIET_S: Final = 150.0  # two resync periods of control, and a host that was thought dead
LOOK_EVERY_S: Final = 0.5
MEANWHILE_S: Final = 1.0  # of use that an older database does not know
SET_BACK: Final = "the last second, by an older database"
Say = Callable[[str], None]


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """What one came to. `killed` in order; `quiet_s`: from the last request until nothing was wrong, or QUIET_S."""

    number: int
    killed: tuple[str, ...]
    asked: int
    unanswered: int
    quiet_s: float
    findings: tuple[str, ...]


class Chaos:
    """The rounds of one seed in one cloud. Between two of them it is tidied."""

    def __init__(self, trial: Trial, seed: int, flags: tuple[str, ...], say: Say) -> None:
        self._trial = trial
        self._seed = seed
        self._flags = flags
        self._say = say
        caller = trial.caller()
        projects = caller.get("/identity/v3/auth/projects")["projects"]
        self._project = str(next(p["id"] for p in projects if p["name"] == "demo"))
        self._ground = _ground(caller)
        self._caller = caller
        self._keys = ec2.keys(trial.state.root / "env")

    def round(self, number: int) -> Round:
        dice = Random(f"{self._seed}/{number}")  # noqa: S311 - a game
        ledger, over = Ledger(), threading.Event()
        # All are signed in before anything is killed: a round of fewer users would be another one.
        # A real host keeps disks of what an older database does not know, as strays: they would be found wrong here.
        back = "--simulate" in self._flags and faults.sets_back(Random(f"{self._seed}/{number}/back"))  # noqa: S311
        users = [threading.Thread(target=_use, args=(self._user(f"{number}/{n}", ledger), over)) for n in range(USERS)]
        for user in users:
            user.start()
        killed = self._kill(dice)
        file = self._trial.state.root.parent / f"backup-{number}"
        mark = ledger.mark()
        kept = back and self._command("backup", str(file))
        if kept:
            time.sleep(MEANWHILE_S)
        over.set()
        for user in users:
            user.join()
        if kept and self._set_back(file):
            killed.append(SET_BACK)
            ledger.void_since(mark)
        began = time.monotonic()
        self._bring_up()
        found = self._quiet(ledger, began)
        return Round(
            number=number,
            killed=tuple(killed),
            asked=ledger.asked,
            unanswered=ledger.unanswered,
            quiet_s=time.monotonic() - began,
            findings=tuple(found),
        )

    def _user(self, name: str, ledger: Ledger) -> User:
        return User(self._trial.caller(), self._ground, ledger, Random(f"{self._seed}/{name}"), self._keys)  # noqa: S311

    def _kill(self, dice: Random) -> list[str]:
        """One to three times within BUSY_S, after the users have begun."""
        record = supervision.read(self._trial.state.processes)
        programs = list(record.programs) if record else []
        moments = sorted(dice.uniform(1.0, BUSY_S) for _ in range(dice.choice((1, 1, 2, 3))))
        killed, began = [], time.monotonic()
        for moment in moments:
            time.sleep(max(0.0, began + moment - time.monotonic()))
            what = faults.draw(dice, programs)
            if faults.kill(self._trial.state, what):
                killed.append(what)
        time.sleep(max(0.0, began + BUSY_S - time.monotonic()))
        return killed

    def _bring_up(self) -> None:
        """As its operator would, whatever is left of it."""
        self._command("up", *self._flags)

    def _set_back(self, file: Path) -> bool:
        """The cloud is what it was when `file` was written; a second `up` (the round's own) finds it so."""
        done = self._command("down") and self._command("restore", "--replace", str(file))
        file.unlink()
        return done

    def _command(self, *words: str) -> bool:
        """Whether it did what it was called for; what it says otherwise, and that it does not end, is told."""
        try:
            done = self._trial.command(*words)
        except Unavailable as e:
            self._say(str(e))
            return False
        if done.returncode:
            self._say(f"{words[0]} ended with {done.returncode}: {(done.stdout + done.stderr)[-500:]}")
        return done.returncode == 0

    def _quiet(self, ledger: Ledger, began: float) -> list[str]:
        """What is still wrong when it is time to be well."""
        while True:
            found = audit.findings(self._caller, self._project, ledger)
            if not found or time.monotonic() - began > QUIET_S:
                return found
            time.sleep(LOOK_EVERY_S)

    def tidy(self) -> None:
        """Take away what a round made, also what nobody was told of: the next one knows none of it."""
        for kind in ("server", "image", "floating_ip", "port", "security_group", "volume"):
            for thing in self._mine(kind):
                self._caller.ask("DELETE", f"{PATHS[kind]}/{thing}")
            if kind == "server":
                self._until_none("server")  # a volume that is in one is not let go
        self._until_none("volume")

    def _until_none(self, kind: str) -> None:
        until(lambda: True if not self._mine(kind) else None, kind, timeout_s=QUIET_S, every_s=LOOK_EVERY_S)

    def _mine(self, kind: Any) -> list[str]:
        named = "" if kind == "floating_ip" else "?name=chaos"
        answer: dict[str, Any] = self._caller.get(PATHS[kind] + named)
        rows: list[dict[str, Any]] = next(v for v in answer.values() if isinstance(v, list))
        return [str(row["id"]) for row in rows]


def _use(user: User, over: threading.Event) -> None:
    while not over.wait(STEP_S):
        user.step()


def _ground(caller: Caller) -> Ground:
    images = until(lambda: caller.get("/image/v2/images?name=tiny&status=active")["images"] or None, "image")
    flavors = caller.get("/compute/v2.1/flavors/detail")["flavors"]
    smallest = sorted(flavors, key=lambda f: (f["ram"], f["vcpus"]))[:2]
    networks = caller.get("/network/v2.0/networks")["networks"]
    return Ground(
        image=images[0]["id"],
        flavors=tuple(f["id"] for f in smallest),
        network=next(n["id"] for n in networks if n["name"] == "private"),
        external=next(n["id"] for n in networks if n["router:external"]),
    )
