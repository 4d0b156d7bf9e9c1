"""Planted faults that the host's rule machine must find: one careless line each, in a copy of the source."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec


class Mutant(msgspec.Struct, frozen=True, kw_only=True):
    """`old` stands in `file` (below src/kumoi) exactly once; `new` is the fault. `why` names what it breaks."""

    why: str
    file: str
    old: str
    new: str


HOST_MUTANTS = (
    Mutant(
        why="a report claims serials whose keys have not looked yet",
        file="agent/progress.py",
        old="if step.waiting or step.section in blocked:",
        new="if step.section in blocked:",
    ),
    Mutant(
        why="serials of an older epoch are claimed under a new one",
        file="agent/agent.py",
        old="if welcome.epoch != known.epoch:",
        new="if welcome.epoch < known.epoch:",
    ),
    Mutant(
        why="guests are started in a boot in which control was not heard",
        file="agent/agent.py",
        old="hands.cleared = self._ledger.identity.cleared_boot == hello.boot_id",
        new="hands.cleared = self._ledger.identity.cleared_boot != ''",
    ),
    Mutant(
        why="an older plan is accepted",
        file="agent/ledger.py",
        old="if (epoch, delta.serial) < (held.epoch, held.serial) or epoch < self.identity.epoch:",
        new="if epoch < self.identity.epoch:",
    ),
    Mutant(
        why="filters are cut beneath guests that are still to go",
        file="agent/wish.py",
        old="*own.instances.values(), *gone.values(), *vanished.values()",
        new="*own.instances.values(), *vanished.values()",
    ),
    Mutant(
        why="networks are cut beneath guests that vanished from the plan",
        file="agent/wish.py",
        old="*own.instances.values(), *gone.values(), *vanished.values()",
        new="*own.instances.values(), *gone.values()",
    ),
    Mutant(
        why="a nic that a guest has not let go of loses its filter and its network",
        file="agent/wish.py",
        old="if plug.nic_id and (instance, plug.nic_id) not in wished",
        new="if not plug.nic_id and (instance, plug.nic_id) not in wished",
    ),
    Mutant(
        why="a nic goes in before it is filtered",
        file="planning/host_diff/plugs.py",
        old="if lacking := sorted(names & around.lacking):",
        new="if lacking := sorted(names - names):",
    ),
    Mutant(
        why="a guest that did not hear is not asked again",
        file="planning/host_diff/plugs.py",
        old="for one in leaving if one.pressed_at == around.now]",
        new="for one in leaving if one.asked_at == around.now]",
    ),
    Mutant(
        why="guests start before their filters stand",
        file="agent/networks.py",
        old="filtered, drawn = self._filtered & seen.nics, self._drawn.keys() & seen.segments",
        new="filtered, drawn = self._filtered, self._drawn.keys() & seen.segments",
    ),
    Mutant(
        why="the disk goes before the machine",
        file="planning/host_diff/instances.py",
        old='    if sight.power != "missing":\n        acts.append("remove_machine")\n    if sight.root:\n'
        '        acts.append("remove_root")\n',
        new='    if sight.root:\n        acts.append("remove_root")\n    if sight.power != "missing":\n'
        '        acts.append("remove_machine")\n',
    ),
    Mutant(
        why="a guest that its user ended is started again",
        file="planning/host_diff/instances.py",
        old='if memory.run >= entry.run_wanted and memory.ended_by == "guest":',
        new='if memory.run > entry.run_wanted and memory.ended_by == "guest":',
    ),
    Mutant(
        why="a guest that obeyed our button is said to have ended itself",
        file="planning/host_diff/instances.py",
        old='    if memory.asked and sight.ended_by in {"", "guest"}:\n        return "plan"\n',
        new="",
    ),
    Mutant(
        why="reboots are never counted by a start",
        file="planning/host_diff/instances.py",
        old="        reboots_done=entry.reboot_wanted,\n    )\n    after",
        new="    )\n    after",
    ),
    Mutant(
        why="segments that nobody needs stay",
        file="planning/host_diff/networks.py",
        old="return frozenset((standing.segments & known) - wanted.networks)",
        new="return frozenset()",
    ),
    Mutant(
        why="a lost session is never greeted again",
        file="agent/agent.py",
        old="            if self._session is session:\n",
        new="            if self._session is None:\n",
    ),
)


def lost(mutants: tuple[Mutant, ...], source: Path) -> list[str]:
    """Those that cannot be planted any more: their line has changed."""
    return [m.why for m in mutants if (source / "kumoi" / m.file).read_text().count(m.old) != 1]


def plant(mutant: Mutant, clone: Path, copy: Path) -> None:
    """A copy of the source (links, but for the one file) that has the fault."""
    shutil.copytree(clone / "src", copy, copy_function=os.symlink, ignore=shutil.ignore_patterns("__pycache__"))
    target = copy / "kumoi" / mutant.file
    text = target.read_text()
    assert text.count(mutant.old) == 1, f"{mutant.file} does not hold the line once"
    target.unlink()
    target.write_text(text.replace(mutant.old, mutant.new))


def send(machine: str, examples: int, *, source: Path, clone: Path) -> subprocess.CompletedProcess[str]:
    """Send the machine hunting in that source; see `hunt` for what its exit code says."""
    return subprocess.run(
        [sys.executable, "-m", "tests.machines.hunt", machine, str(examples)],
        cwd=clone,
        # Order of sets is chance too.
        env=os.environ | {"PYTHONPATH": f"{source}{os.pathsep}{clone}", "PYTHONHASHSEED": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
