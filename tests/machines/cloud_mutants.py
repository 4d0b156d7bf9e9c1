"""Planted faults that the cloud's rule machine must find: decisions of doors, control and agents, each wrong in one
place (see `mutants`)."""

from tests.machines.mutants import Mutant

CLOUD_MUTANTS = (
    Mutant(
        why="what is deleted is purged without a proof",
        file="app/hosts/proof.py",
        old="for entry in tx.sections.tombstones(own, report.acted.get(own, 0)):",
        new="for entry in tx.sections.tombstones(own, tx.sections.serial(own)):",
    ),
    Mutant(
        why="a nic is let go by a report that has not acted on its going",
        file="app/networks/letting_go.py",
        old="    if report.acted.get(own, 0) < tx.sections.serial(own):\n        return\n",
        new="",
    ),
    Mutant(
        why="a deleted nic waits for nobody",
        file="control/purge.py",
        old='Filter("deleted_at", "null", False), Filter("host_id", "null", True)',
        new='Filter("deleted_at", "null", False),',
    ),
    Mutant(
        why="the sequence of reports is not looked at",
        file="app/hosts/report.py",
        old="if host is None or report.sequence <= host.sequence:",
        new="if host is None:",
    ),
    Mutant(
        why="a lost session still speaks for its host",
        file="app/hosts/fetch.py",
        old="if host is None or host.session != session:",
        new="if host is None:",
    ),
    Mutant(
        why="room is given back at the delete",
        file="app/instances/delete.py",
        old='tx.counters.give_back(one.id, "project/")',
        new="tx.counters.give_back(one.id)",
    ),
    Mutant(
        why="addresses are given back at the delete",
        file="app/networks/nics.py",
        old="    if nic.host_id is None:\n        release_nic(tx, nic)",
        new="    if True:\n        release_nic(tx, nic)",
    ),
    Mutant(
        why="what vanished from the plan is removed",
        file="agent/guests.py",
        old="if spec is None and not own.absent(key):",
        new="if spec is None and not own.entries:",
    ),
    Mutant(
        why="the end of an older run turns a newer one off",
        file="app/hosts/report.py",
        old=" and seen.runs_done == one.run_wanted",
        new="",
    ),
    Mutant(
        why="a guest that ended itself is started again",
        file="planning/host_diff/instances.py",
        old='if memory.run >= entry.run_wanted and memory.ended_by == "guest":',
        new='if memory.run > entry.run_wanted and memory.ended_by == "guest":',
    ),
    Mutant(
        why="how a run ended is forgotten when the agent restarts",
        file="agent/notebook.py",
        old="            self._take(_decoder.decode(line))\n",
        new="            note = _decoder.decode(line)\n"
        '            memory = note.memory and msgspec.structs.replace(note.memory, ended_by="")\n'
        "            self._take(Note(note.id, memory))\n",
    ),
    Mutant(
        why="a reboot is done again by the next agent",
        file="planning/host_diff/instances.py",
        old='if memory.asked == "reboot" and sight.resets > memory.resets:',
        new='if memory.asked == "" and sight.resets > memory.resets:',
    ),
    Mutant(
        why="the stamper writes what it saw before, and forgets what was marked since",
        file="control/stamper.py",
        old="        good = self._stampable(tx, marks)\n",
        new="        found = self._stampable(tx, marks)\n"
        '        good, self.kept = getattr(self, "kept", found), found\n'
        "        tx.sections.unmark(marks)\n",
    ),
    Mutant(
        why="a delta says nothing of what is absent",
        file="adapters/sql/sections.py",
        old='    .where(_entry.section == bindparam("section"), _entry.serial > bindparam("have"))\n',
        new='    .where(_entry.section == bindparam("section"), _entry.serial > bindparam("have"), '
        "_entry.body.is_not(None))\n",
    ),
    Mutant(
        why="what was never told is not said to be absent",
        file="adapters/sql/sections.py",
        old="if stamp.entry not in old or stamp.body != old[stamp.entry]]",
        new="if stamp.body != old.get(stamp.entry)]",
    ),
    Mutant(
        why="a report does not change the status",
        file="app/hosts/report.py",
        old="    after = project_status(tx, after, now)\n",
        new="",
    ),
    Mutant(
        why="an agent takes an older plan",
        file="agent/ledger.py",
        old="if (epoch, delta.serial) < (held.epoch, held.serial) or epoch < self.identity.epoch:",
        new="if epoch < self.identity.epoch:",
    ),
    Mutant(
        why="a router's nics do not follow it to its host",
        file="app/networks/vpcs.py",
        old="        mark_nic(tx, tx.nics.save(replace(nic, host_id=host_id)))\n",
        new="        mark_nic(tx, nic)\n",
    ),
    Mutant(
        why="the plan of what is gone is never forgotten",
        file="control/purge.py",
        old="            tx.sections.drop(network_section(network.id))\n",
        new="",
    ),
)
