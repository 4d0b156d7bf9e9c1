"""What this host remembers of each instance beyond what can be seen: runs, reboots done, deadlines. Kept on disk."""

import threading

import msgspec

from kumoi.agent.journal import Journal
from kumoi.core.ids import InstanceId
from kumoi.planning.host_diff.instances import Memory

_SPARE_BYTES = 1 << 18


class Note(msgspec.Struct, frozen=True):
    """`memory` None: forgotten."""

    id: InstanceId
    memory: Memory | None


_decoder: msgspec.json.Decoder[Note] = msgspec.json.Decoder(Note)


class Notebook:
    """Safe for threads."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = threading.Lock()
        self._notes: dict[InstanceId, Memory] = {}
        for line in journal.read():
            self._take(_decoder.decode(line))
        self._short = journal.size()

    def get(self, instance_id: InstanceId) -> Memory | None:
        return self._notes.get(instance_id)

    def all(self) -> list[tuple[InstanceId, Memory]]:
        with self._lock:
            return list(self._notes.items())

    def keep(self, instance_id: InstanceId, memory: Memory | None) -> None:
        """None forgets. What is the same is not written."""
        with self._lock:
            if self._notes.get(instance_id) == memory:
                return
            note = Note(instance_id, memory)
            self._journal.append(msgspec.json.encode(note))
            self._take(note)
            if self._journal.size() > 2 * self._short + _SPARE_BYTES:
                self._journal.replace([msgspec.json.encode(Note(i, m)) for i, m in self._notes.items()])
                self._short = self._journal.size()

    def _take(self, note: Note) -> None:
        if note.memory is None:
            self._notes.pop(note.id, None)
        else:
            self._notes[note.id] = note.memory
